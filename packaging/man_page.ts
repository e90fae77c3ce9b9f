import type { Command } from "commander";

/** What of the page is not in the commands' own help. */
interface ManPageFacts {
  readonly version: string;
  /** `2026-06-21`. */
  readonly date: string;
}

/** ecowatt(1) in man(7) format, made from the help of every command. */
export function manPage(program: Command, { version, date }: ManPageFacts): string {
  return [
    `.TH ECOWATT 1 "${date}" "ecowatt ${version}" "User Commands"`,
    ".SH NAME",
    "ecowatt \\- acquisition node and gateway for solar inverters",
    ".SH SYNOPSIS",
    ".B ecowatt",
    ".I command",
    "[options]",
    ".SH DESCRIPTION",
    roff(program.description()),
    ".PP",
    "Against a data directory on this machine no token is needed; against another machine \\-\\-url and \\-\\-token, or the",
    "variables ECOWATT_URL and ECOWATT_TOKEN, say where and who.",
    ".SH COMMANDS",
    ...below(program).flatMap(section),
    ".SH EXIT STATUS",
    ...[["0", "done"], ["1", "failed"], ["2", "wrong usage or configuration"], ["3", "unreachable, or nothing found"]]
      .flatMap(([code, meaning]) => [".TP", `.B ${code}`, `${meaning}`]),
    ".SH FILES",
    ...[["/etc/ecowatt/ecowatt.yaml", "the configuration"], ["/var/lib/ecowatt", "samples, keys and settings"]]
      .flatMap(([path, meaning]) => [".TP", `.I ${path}`, `${meaning}`]),
    "",
  ].join("\n");
}

/** Every command that does something itself, in the order of the help. */
function below(command: Command): readonly Command[] {
  return command.createHelp().visibleCommands(command).filter((sub) => sub.name() !== "help")
    .flatMap((sub) => sub.commands.length > 0 ? below(sub) : [sub]);
}

function section(command: Command): readonly string[] {
  const help = command.createHelp();
  const terms = [
    ...help.visibleArguments(command).map((argument) =>
      [help.argumentTerm(argument), help.argumentDescription(argument)] as const
    ),
    ...help.visibleOptions(command).filter(({ long }) => long !== "--help").map((option) =>
      [help.optionTerm(option), help.optionDescription(option)] as const
    ),
  ];
  return [
    `.SS "${roff(help.commandUsage(command)).replaceAll('"', "''")}"`,
    roff(help.commandDescription(command)),
    ...terms.flatMap(([term, about]) => [".TP", `.B ${roff(term)}`, roff(about)]),
  ];
}

/** Text as roff takes it: no escapes, no requests, and hyphens that can be copied. */
function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^(?=[.'])/gm, "\\&");
}
