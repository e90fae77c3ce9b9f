import type { Inverter } from "../inverter/inverter.ts";

/** What a command needs of an inverter. */
export type CommandTarget = Pick<Inverter, "profile" | "readRegisters" | "writeRegisters" | "unsettledMs">;
