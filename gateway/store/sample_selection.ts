import { lookup, shownOf } from "../../protocol/profile/lookup.ts";
import type { Register } from "../../protocol/profile/register.ts";
import { Fault } from "../fault.ts";
import { registersOf, type StoredSeries } from "./series.ts";

/** Which samples are asked for. Times in unix milliseconds, from <= time < to. */
export interface SampleQuery {
  readonly device: string;
  /** All of the device's inverters when left out. */
  readonly inverter?: string;
  /** Any spelling of the names; when left out all that were stored, except scale factors. */
  readonly registers?: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** A register in the answer. */
interface SelectedColumn {
  readonly name: string;
  /** SI symbol, "" for none. */
  readonly unit: string;
  readonly description: string;
}

/** A series that has some of the columns: `indexes` gives, for each of them, where it stands in the series; -1 nowhere. */
export interface SelectedSeries {
  readonly series: StoredSeries;
  readonly indexes: readonly number[];
}

/** A query against the series that exist. */
export interface Selection {
  readonly from: number;
  readonly to: number;
  readonly columns: readonly SelectedColumn[];
  readonly series: readonly SelectedSeries[];
}

/** Finds what `query` asks for among the series of its device. Throws `Fault` `malformed` for a register none of them has. */
export function select(all: readonly StoredSeries[], query: SampleQuery): Selection {
  const candidates = all.filter((series) => query.inverter === undefined || series.inverter === query.inverter);
  const known = candidates.map((series) => ({ series, registers: registersOf(series) }));
  const columns = new Map<string, SelectedColumn>();
  for (const { series, registers } of known) {
    for (const register of chosen(series, registers, query.registers)) columns.set(register.name, register);
  }
  if (query.registers !== undefined && known.length > 0) checkKnown(candidates, query.registers, columns);
  const list = [...columns.values()].map(({ name, unit, description }) => ({ name, unit, description }));
  const series = known.map(({ series, registers }) => ({
    series,
    indexes: list.map(({ name }) => registers.findIndex((register) => register?.name === name)),
  }));
  return {
    from: query.from,
    to: query.to,
    columns: list,
    series: series.filter(({ indexes }) => indexes.some((index) => index >= 0)),
  };
}

/** The registers of a series that the query wants, in its order. */
function chosen(
  series: StoredSeries,
  registers: readonly (Register | undefined)[],
  names: readonly string[] | undefined,
): readonly Register[] {
  const present = registers.filter((register) => register !== undefined);
  if (names !== undefined) {
    const wanted = names.map((name) => named(series, name)?.name);
    return wanted.flatMap((name) => present.find((register) => register.name === name) ?? []);
  }
  return shownOf(present);
}

function named({ map }: StoredSeries, name: string): Register | undefined {
  return map && lookup(map, name);
}

function checkKnown(
  candidates: readonly StoredSeries[],
  names: readonly string[],
  columns: ReadonlyMap<string, SelectedColumn>,
): void {
  const unknown = names.filter((name) => !candidates.some((series) => columns.has(named(series, name)?.name ?? "")));
  if (unknown.length === 0) return;
  const message = `no samples of ${unknown.join(", ")} were ever stored`;
  throw new Fault("malformed", `Cannot select registers: ${message}`, { fields: [{ path: "registers", message }] });
}
