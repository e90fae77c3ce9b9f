import type { Bus } from "../modbus/bus.ts";

/** What reading an inverter needs of its bus. */
export type RegisterReader = Pick<Bus, "read">;

/** A register in a Modbus table, as a key: "holding:40070". */
export type RegisterKey = `${"holding" | "input"}:${number}`;

/** The key of a register by table and zero-based address. */
export function registerKey(table: "holding" | "input", address: number): RegisterKey {
  return `${table}:${address}`;
}
