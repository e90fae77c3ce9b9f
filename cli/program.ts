import "../platform/node_timers.ts"; // first: packages may look for timers as soon as they are loaded
import { Command, CommanderError } from "commander";
import { CliFailure, EXIT, type ExitCode } from "./terminal/exit.ts";
import { journalText, processLogsToJournal } from "./service/run/journal.ts";
import { type Terminal, terminal as processTerminal } from "./terminal/output.ts";
import { VERSION } from "./version.ts";
import { COMMANDS } from "./commands.ts";
import { lackingOf } from "../platform/runtime.ts";
import { showExamples } from "./terminal/examples.ts";
import { osTrouble } from "./terminal/os_trouble.ts";

/** Runs one command line and returns the exit code. Whatever goes wrong is one clear line, never a stack. */
export async function main(args: readonly string[], terminal: Terminal = processTerminal): Promise<ExitCode> {
  try {
    mustHaveRuntime();
    const program = buildProgram(terminal);
    await program.parseAsync([...args], { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const said = `ecowatt: ${osTrouble(error)}`;
    terminal.err(processLogsToJournal() ? journalText(3, said) : said);
    return error instanceof CliFailure ? error.exitCode : EXIT.failed;
  }
}

/** A runtime that is too old would end the program later, in the middle of its work. */
function mustHaveRuntime(): void {
  const lacking = lackingOf();
  if (lacking.length === 0) return;
  const runtime = `Deno ${Deno.version.deno}`;
  throw new CliFailure(EXIT.failed, `Cannot run on ${runtime}: it lacks ${lacking.join(", ")}; take a newer one`);
}

/** The whole command line, with every command and an example in the help of each. */
export function buildProgram(terminal: Terminal): Command {
  const program = new Command("ecowatt")
    .description("Reads solar inverters, keeps every sample, and is the gateway they are sent to.")
    .version(VERSION, "-V, --version", "print the version")
    .enablePositionalOptions() // `firmware add --version 1.2.0` is not `--version`
    .helpCommand("help [command]", "print the help of a command")
    .showHelpAfterError("(ecowatt --help lists what there is)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  for (const add of COMMANDS) add(program, terminal);
  inherit(program);
  showExamples(program);
  return program;
}

/** commander copies its settings to commands made by `command()`, and not to groups that are added later. */
function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}
