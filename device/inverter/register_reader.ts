import type { Table } from "../../protocol/profile/register.ts";
import type { Bus, RequestOptions } from "../modbus/bus.ts";
import type { BusOutcome } from "../modbus/fault.ts";

/** What reading an inverter needs of its bus. */
export type RegisterReader = Pick<Bus, "read">;

/** What reading a device needs, whose map may have bits, too. */
export type TableReader = Pick<Bus, "read" | "readBits">;

const BITS = { coil: "coils", discrete: "discrete" } as const;

/** Reads from any table; a bit is a word of 0 or 1. */
export async function readTable(
  bus: TableReader,
  unit: number,
  { table, address, count }: { readonly table: Table; readonly address: number; readonly count: number },
  options: RequestOptions = {},
): Promise<BusOutcome<readonly number[]>> {
  if (table === "holding" || table === "input") return await bus.read(unit, table, address, count, options);
  const bits = await bus.readBits(unit, BITS[table], address, count, options);
  return bits.ok ? { ok: true, value: bits.value.map(Number) } : bits;
}

/** A register in a Modbus table, as a key: "holding:40070". */
export type RegisterKey = `${Table}:${number}`;

/** The key of a register by table and zero-based address. */
export function registerKey(table: Table, address: number): RegisterKey {
  return `${table}:${address}`;
}
