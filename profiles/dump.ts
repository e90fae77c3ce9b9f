import { z } from "zod";
import { columnsOf } from "../protocol/profile/lookup.ts";
import type { DeviceKind, DeviceMap } from "../protocol/profile/format/compile.ts";
import { misfit, type TextPlace } from "../protocol/profile/format/probe.ts";
import { derivedValues, physical } from "../protocol/profile/physical.ts";
import { rawFromWords, textFromWords, wordsOf } from "../protocol/profile/raw.ts";
import type { Profile, Register, Table } from "../protocol/profile/register.ts";

const Word = z.int().min(0).max(0xffff);

/** Registers of a device as they were, and what its display showed: `ecowatt-dump/1`. */
export const Dump = z.strictObject({
  dump: z.literal("ecowatt-dump/1"),
  profile: z.string().min(1).max(64),
  made: z.enum(["device", "facts"]).describe("from a real device, or from what is known of it"),
  note: z.string().max(400).optional(),
  unit: z.int().min(0).max(255).default(1),
  registers: z.array(z.strictObject({
    unit: z.int().min(0).max(255).optional().describe("default: the device's own"),
    table: z.enum(["holding", "input", "coil", "discrete"]).default("holding"),
    address: z.int().min(0).max(65_535),
    words: z.array(Word).min(1).max(1_000),
  })).min(1).max(256),
  expect: z.record(z.string(), z.union([z.number(), z.null()])).default({}).describe(
    "what the display showed, in W, Wh, V, A, with grid + import and battery + discharge; null: no value",
  ),
});
export type Dump = Readonly<z.infer<typeof Dump>>;

/** What a dump shows by a map. */
interface Shown {
  readonly map: DeviceMap;
  /** Why it is not the device; none: it is. */
  readonly misfits: readonly string[];
  /** Of registers and of what is computed, with the canonical signs, by name. */
  readonly values: ReadonlyMap<string, number | undefined>;
}

/** The words of a dump at a place; `undefined` where it has not all of them. */
type WordsAt = (
  place: { unitId?: number; table: Table; address: number; words: number },
) => readonly number[] | undefined;

/** How to read the words of a dump. */
export function wordsOfDump(dump: Dump): WordsAt {
  const words = new Map<string, number>();
  for (const { unit = dump.unit, table, address, words: run } of dump.registers) {
    for (const [index, word] of run.entries()) words.set(`${unit} ${table} ${address + index}`, word);
  }
  return ({ unitId = dump.unit, table, address, words: count }) => {
    const found = Array.from({ length: count }, (_, index) => words.get(`${unitId} ${table} ${address + index}`));
    return found.every((word) => word !== undefined) ? found : undefined;
  };
}

/** What a device shows whose registers are those of a dump; `undefined`: none of its maps is for that. */
export function shownBy(kind: DeviceKind, wordsAt: WordsAt): Shown | undefined {
  const told = kind.teller && rawIn(wordsAt, kind.teller);
  const map = kind.teller === undefined
    ? kind.maps[0]
    : kind.maps.find(({ when }) => when.some(([first, last]) => told !== undefined && told >= first && told <= last));
  if (map === undefined) return undefined;
  const misfits = [...map.detect, ...map.fit].flatMap((probe) => {
    const rawOf = (name: string) => rawOfAny(wordsAt, probe.registers, name);
    return misfit(probe, { rawOf, text: probe.text && textIn(wordsAt, probe.text) }) ?? [];
  });
  return { map, misfits, values: valuesOf(map.profile, wordsAt) };
}

/** The values of all that a profile names, with the canonical signs. */
export function valuesOf(profile: Profile, wordsAt: WordsAt): ReadonlyMap<string, number | undefined> {
  const plain = new Map(
    profile.registers.filter(({ part }) => part !== true).map((register) => {
      return [register.name, valueIn(profile, register, wordsAt)] as const;
    }),
  );
  const derived = derivedValues(profile, (name) => plain.get(name));
  const reversed = new Set(
    [...profile.registers, ...profile.derived ?? []].filter((one) => one.reversed).map(({ name }) => name),
  );
  return new Map([...plain, ...derived].map(([name, value]) => {
    return [name, value !== undefined && reversed.has(name) ? 0 - value : value];
  }));
}

function valueIn(profile: Profile, register: Register, wordsAt: WordsAt): number | undefined {
  const columns = columnsOf(profile, [register.name]);
  const registers = columns.ok ? columns.value : [register];
  const value = physical(register, rawIn(wordsAt, register), (name) => rawOfAny(wordsAt, registers, name));
  const { min = -Infinity, max = Infinity } = register.plausible ?? {};
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

function rawOfAny(wordsAt: WordsAt, registers: readonly Register[], name: string): number | undefined {
  const register = registers.find((one) => one.name === name);
  return register && rawIn(wordsAt, register);
}

function rawIn(wordsAt: WordsAt, register: Register): number | undefined {
  const { table, address, encoding, unitId } = register;
  const words = wordsAt({ table, address, words: wordsOf(encoding), ...(unitId === undefined ? {} : { unitId }) });
  return words && rawFromWords(encoding, words, 0, register);
}

function textIn(wordsAt: WordsAt, place: TextPlace): string | undefined {
  const words = wordsAt(place);
  return words && textFromWords(words, place.swapped);
}
