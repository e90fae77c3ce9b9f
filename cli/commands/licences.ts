import type { Command } from "commander";
import { programFile } from "../../platform/program_files.ts";
import { CliFailure, EXIT } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/output.ts";

/** The licence of this program, and the notices of what others wrote and it holds. */
export function addLicences(program: Command, terminal: Terminal): void {
  program.command("licences")
    .description("print the licence of this program and the notices of what it holds")
    .option("--json", "as JSON")
    .action(async ({ json }: { readonly json?: boolean }) => {
      const licence = await carried("LICENSE");
      const notices = await carried("dist/THIRD-PARTY-NOTICES.txt");
      terminal.out(json ? JSON.stringify({ licence, notices }) : `${licence}\n${"-".repeat(79)}\n\n${notices}`);
    });
}

async function carried(path: string): Promise<string> {
  try {
    return (await Deno.readTextFile(programFile(path))).trimEnd();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new CliFailure(EXIT.failed, `Cannot print the licences: ${path} is missing; deno task notices makes it`);
  }
}
