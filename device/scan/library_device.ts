import type { DeviceKind, DeviceMap } from "../../protocol/profile/format/compile.ts";
import { lookup } from "../../protocol/profile/lookup.ts";
import { physical } from "../../protocol/profile/physical.ts";
import type { RequestOptions } from "../modbus/bus.ts";
import type { BusOutcome } from "../modbus/fault.ts";
import { fitFault, readColumns } from "../inverter/fit.ts";
import type { TableReader } from "../inverter/register_reader.ts";

/** Registers that are read of each of several devices that a unit may be. */
const COMPARED = 32;

/**
 * Which devices of a library a unit is, by what they are told by, the likeliest first. Reads only, nothing twice, and waits for
 * nothing twice: of most devices a unit has nothing. Those whose usual unit id it is are asked about first.
 */
export async function libraryDevices(
  kinds: readonly DeviceKind[],
  reader: TableReader,
  unit: number,
  signal?: AbortSignal,
): Promise<readonly DeviceKind[]> {
  const bus = hurried(reader);
  const likely = (kind: DeviceKind) => [kind.document.link.unit].flat().includes(unit) ? 0 : 1;
  const fitting: { readonly kind: DeviceKind; readonly map: DeviceMap }[] = [];
  for (const kind of kinds.filter(isTold).toSorted((a, b) => likely(a) - likely(b))) {
    if (signal?.aborted) break;
    const map = await mapOf(kind, bus, unit, signal);
    const probes = map && [...map.detect, ...map.fit];
    if (probes && await fitFault(probes, { bus, unit, signal }) === undefined) fitting.push({ kind, map });
  }
  if (fitting.length < 2) return fitting.map(({ kind }) => kind);
  const known = new Map<DeviceKind, number>();
  for (const { kind, map } of fitting) known.set(kind, await valuesOf(map, bus, unit, signal));
  return fitting.map(({ kind }) => kind).toSorted((a, b) => (known.get(b) ?? 0) - (known.get(a) ?? 0));
}

/** Whether a device has something by which it is told from others. */
export function isTold({ document }: DeviceKind): boolean {
  return document.detect.length > 0;
}

async function mapOf(
  { teller, maps }: DeviceKind,
  bus: TableReader,
  unit: number,
  signal?: AbortSignal,
): Promise<DeviceMap | undefined> {
  if (teller === undefined) return maps[0];
  const answer = await readColumns(bus, unit, [teller], signal);
  const raw = answer.ok ? answer.value.get(teller.name) : undefined;
  return maps.find(({ when }) => when.some(([first, last]) => raw !== undefined && raw >= first && raw <= last));
}

/** How many of its values are there and can be true: one of a family has what its smaller sisters lack. */
async function valuesOf({ profile }: DeviceMap, bus: TableReader, unit: number, signal?: AbortSignal): Promise<number> {
  let values = 0;
  for (const name of profile.defaultRegisters.slice(0, COMPARED)) {
    const register = lookup(profile, name);
    if (register === undefined || signal?.aborted) continue;
    const answer = await readColumns(bus, unit, [register], signal);
    const value = answer.ok ? physical(register, answer.value.get(name), () => 0) : undefined;
    const { min = -Infinity, max = Infinity } = register.plausible ?? {};
    if (value !== undefined && value >= min && value <= max) values++;
    else values--;
  }
  return values;
}

/** Asks each thing once, without patience, and remembers what came. */
function hurried(reader: TableReader): TableReader {
  const words = new Map<string, Promise<BusOutcome<readonly number[]>>>();
  const bits = new Map<string, Promise<BusOutcome<readonly boolean[]>>>();
  const quickly = (options?: RequestOptions): RequestOptions => ({ ...options, retries: 0, mayBeSilent: true });
  return {
    read(unit, table, address, count, options) {
      const place = `${unit} ${table} ${address} ${count}`;
      const known = words.get(place) ?? reader.read(unit, table, address, count, quickly(options));
      words.set(place, known);
      return known;
    },
    readBits(unit, table, address, count, options) {
      const place = `${unit} ${table} ${address} ${count}`;
      const known = bits.get(place) ?? reader.readBits(unit, table, address, count, quickly(options));
      bits.set(place, known);
      return known;
    },
  };
}
