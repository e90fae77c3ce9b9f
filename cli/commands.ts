import type { Command } from "commander";
import type { Terminal } from "./output.ts";
import { addSimulate } from "./commands/simulate.ts";
import { addVersion } from "./commands/version.ts";

/** Adds one command to the program. */
export type AddCommand = (program: Command, terminal: Terminal) => void;

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly AddCommand[] = [
  addSimulate,
  addVersion,
];
