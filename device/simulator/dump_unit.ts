import type { Dump } from "../../profiles/dump.ts";
import type { SimulatedUnit } from "./unit.ts";

/** Illegal data address. */
const NO_SUCH_ADDRESS = 2;

/** The units of a dump: they answer what was recorded of them, and refuse the rest. What is written is there until the end. */
export function dumpUnits(dump: Dump): ReadonlyMap<number, SimulatedUnit> {
  const ids = new Set([dump.unit, ...dump.registers.map(({ unit = dump.unit }) => unit)]);
  return new Map([...ids].map((id) => [id, dumpUnit(dump, id)]));
}

function dumpUnit(dump: Dump, id: number): SimulatedUnit {
  const words = new Map<string, number>();
  for (const { unit = dump.unit, table, address, words: run } of dump.registers) {
    if (unit === id) run.forEach((word, index) => words.set(`${table} ${address + index}`, word));
  }
  return {
    functions: new Set([3, 4, 6, 16]),
    read(address, count, table) {
      const found = Array.from({ length: count }, (_, index) => words.get(`${table} ${address + index}`));
      return found.every((word) => word !== undefined) ? found : NO_SUCH_ADDRESS;
    },
    write(address, values) {
      if (values.some((_, index) => !words.has(`holding ${address + index}`))) return NO_SUCH_ADDRESS;
      values.forEach((value, index) => words.set(`holding ${address + index}`, value));
      return undefined;
    },
  };
}
