import type { Command } from "commander";
import type { Terminal } from "../terminal/output.ts";
import { MODEL, VERSION } from "../version.ts";

/** What an executable says of itself, for people and for an updater that is about to trust it. */
export function addVersion(program: Command, terminal: Terminal): void {
  program.command("version")
    .description("print the version of this program")
    .option("--json", "as JSON, with the model and the platform")
    .action((options: { json?: boolean }) => {
      const { os, arch, standalone } = Deno.build;
      const about = { model: MODEL, version: VERSION, os, arch, standalone, deno: Deno.version.deno };
      terminal.out(options.json ? JSON.stringify(about) : VERSION);
    });
}
