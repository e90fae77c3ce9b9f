import { resolve } from "node:path";
import type { Command } from "commander";
import { packBundle } from "../../platform/support_bundle.ts";
import { DEFAULT_CONFIG } from "../service/config/config_file.ts";
import { examine } from "../service/doctor/doctor.ts";
import { patientOf } from "../service/doctor/patient.ts";
import { CliFailure, EXIT } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";
import { untilStopped } from "../terminal/signals.ts";
import { collect } from "../service/support/collect.ts";

interface Flags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** Collects what helps to find a fault. */
export function addSupportBundle(program: Command, terminal: Terminal): void {
  program.command("support-bundle <file>")
    .description("collect findings, configuration, state and log into one file to hand on; secrets are removed")
    .option("--config <file>", `configuration file (default ${DEFAULT_CONFIG})`)
    .option("--data-dir <folder>", "folder of the state")
    .option("--json", "as JSON")
    .action((file: string, flags: Flags) => supportBundle(resolve(file), flags, terminal));
}

async function supportBundle(path: string, flags: Flags, terminal: Terminal): Promise<void> {
  using stop = untilStopped();
  const patient = await patientOf(flags, stop.signal);
  const files = await collect(patient, await examine(patient));
  try {
    const content = await packBundle(files, patient.clock.now());
    await Deno.writeFile(path, content, { createNew: true, mode: 0o600 });
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists
      ? "it is there already and is not overwritten"
      : String(error);
    throw new CliFailure(EXIT.failed, `Cannot write ${path}: ${why}`, { cause: error });
  }
  const names = files.map(({ name }) => name);
  if (flags.json) return terminal.out(JSON.stringify({ file: path, files: names }));
  terminal.out(`${path} holds ${names.join(", ")}; look through it before you hand it on`);
}
