import type { Command } from "commander";
import { DEFAULT_CONFIG } from "../service/config/config_file.ts";
import { examine, report } from "../service/doctor/doctor.ts";
import type { Finding } from "../service/doctor/finding.ts";
import { patientOf } from "../service/doctor/patient.ts";
import { CliFailure, EXIT } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";
import { untilStopped } from "../terminal/signals.ts";

interface Flags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** Examines this box. */
export function addDoctor(program: Command, terminal: Terminal): void {
  program.command("doctor")
    .description("examine this box, running or not, and say what to do about what is wrong")
    .option("--config <file>", `configuration file (default ${DEFAULT_CONFIG})`)
    .option("--data-dir <folder>", "folder of the state")
    .option("--json", "as JSON")
    .action((flags: Flags) => doctor(flags, terminal));
}

async function doctor(flags: Flags, terminal: Terminal): Promise<void> {
  using stop = untilStopped();
  const findings = await examine(await patientOf(flags, stop.signal));
  const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  const failed = count("fail");
  if (flags.json) terminal.out(JSON.stringify({ ok: failed === 0, findings }));
  else terminal.out(report(findings));
  const warned = count("warn");
  if (failed > 0) {
    throw new CliFailure(EXIT.failed, `${failed} of ${findings.length} checks failed, ${warned} warned`);
  }
  if (!flags.json) terminal.out(warned === 0 ? "All is well." : `It works, with ${warned} warnings.`);
}
