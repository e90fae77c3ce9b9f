import type { Command, Option } from "commander";

/** A word that can come next. */
export interface Word {
  readonly word: string;
  readonly about: string;
}

/** An option at a place. `values`: those it takes; empty: any, such as a file. */
export interface OptionWord extends Word {
  readonly takesValue: boolean;
  readonly values: readonly string[];
}

/** Where the command line may stand: `/device/add`, and what can come next. */
export interface Place {
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly OptionWord[];
}

/** Every place of a program, the whole first. What its help hides is not offered. */
export function placesOf(command: Command, path = ""): readonly Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const place: Place = {
    path,
    commands: commands.map((sub) => ({ word: sub.name(), about: firstLine(sub.description()) })),
    options: help.visibleOptions(command).flatMap(optionWords),
  };
  const below = commands.filter((sub) => sub.name() !== "help");
  return [place, ...below.flatMap((sub) => placesOf(sub, `${path}/${sub.name()}`))];
}

function optionWords({ long, description, required, optional, argChoices }: Option): readonly OptionWord[] {
  if (!long) return [];
  const takesValue = required || optional;
  return [{ word: long, about: firstLine(description), takesValue, values: argChoices ?? [] }];
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

/** For the shells' single quotes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
