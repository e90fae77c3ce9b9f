import { stringify } from "yaml";
import { readTable } from "../../../device/inverter/register_reader.ts";
import type { Bus } from "../../../device/modbus/bus.ts";
import type { Dump } from "../../../profiles/dump.ts";
import { wordsOf } from "../../../protocol/profile/raw.ts";
import type { DeviceKind } from "../../../protocol/profile/format/compile.ts";
import type { Table } from "../../../protocol/profile/register.ts";

/** Words that are read for a dump in one request: few, as a device may refuse a block for one of them. */
const RUN = 16;

interface Place {
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly words: number;
}

/** What a device answers for all that its profile names; what says whose it is (serial numbers) is left out. */
export async function recordDump(kind: DeviceKind, bus: Bus, unit: number, signal: AbortSignal): Promise<Dump> {
  const registers: Dump["registers"][number][] = [];
  for (const place of runsOf(placesIn(kind, unit))) {
    for (const { table, address, unit: at, words } of await answered(bus, place, signal)) {
      registers.push({ ...(at === unit ? {} : { unit: at }), table, address, words: [...words] });
    }
  }
  return { dump: "ecowatt-dump/1", profile: kind.document.name, made: "device", unit, registers, expect: {} };
}

/** As a file: one run of words a line. */
export function dumpText(dump: Dump): string {
  const { registers, expect: _, ...head } = dump;
  const lines = registers.map(({ unit, table, address, words }) =>
    `  - { ${unit === undefined ? "" : `unit: ${unit}, `}table: ${table}, address: ${address}, words: [${
      words.join(", ")
    }] }`
  );
  const hint = "# What the display showed, in W, Wh, V, A, with grid + import and battery + discharge:";
  return [stringify(head).trimEnd(), "registers:", ...lines, hint, "expect: {}", ""].join("\n");
}

function placesIn(
  { maps, teller, document, identity: { serial: _, ...texts } }: DeviceKind,
  unit: number,
): readonly Place[] {
  const probes = maps.flatMap(({ detect, fit }) => [...detect, ...fit]);
  const registers = [
    ...teller ? [teller] : [],
    ...maps.flatMap(({ profile }) => profile.registers),
    ...probes.flatMap((one) => one.registers),
  ];
  const serial = document.identity.serial?.address;
  return [
    ...registers.map(({ table, address, encoding, unitId = unit }) => ({
      unit: unitId,
      table,
      address,
      words: wordsOf(encoding),
    })),
    ...[...Object.values(texts), ...probes.flatMap(({ text }) => text ?? [])]
      .filter(({ address }) => address !== serial)
      .map(({ table, address, words, unitId = unit }) => ({ unit: unitId, table, address, words })),
  ];
}

/** Places that adjoin, as runs; each place whole in one. */
function runsOf(places: readonly Place[]): readonly Place[] {
  const sorted = places.toSorted((a, b) => a.unit - b.unit || a.table.localeCompare(b.table) || a.address - b.address);
  const runs: Place[] = [];
  for (const place of sorted) {
    const last = runs.at(-1);
    const end = place.address + place.words;
    const joins = last?.unit === place.unit && last.table === place.table &&
      place.address <= last.address + last.words &&
      end - last.address <= RUN;
    if (last && joins) runs[runs.length - 1] = { ...last, words: Math.max(last.words, end - last.address) };
    else runs.push(place);
  }
  return runs;
}

/** A run that is refused is read word by word: some of it may be there. */
async function answered(
  bus: Bus,
  place: Place,
  signal: AbortSignal,
): Promise<readonly (Omit<Place, "words"> & { words: readonly number[] })[]> {
  const { unit, table, address, words } = place;
  const answer = await readTable(bus, unit, { table, address, count: words }, { signal });
  if (answer.ok) return [{ unit, table, address, words: answer.value }];
  if (answer.fault.kind !== "exception") throw new Error(answer.fault.message);
  if (words === 1) return [];
  const halves = [{ ...place, words: words >> 1 }, {
    ...place,
    address: address + (words >> 1),
    words: words - (words >> 1),
  }];
  const found = [];
  for (const half of halves) found.push(...await answered(bus, half, signal));
  return found;
}
