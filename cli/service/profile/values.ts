import type { Poll } from "../../../device/inverter/poll.ts";
import { lookup, shownOf } from "../../../protocol/profile/lookup.ts";
import { derivedValues, physical, physicalColumns } from "../../../protocol/profile/physical.ts";
import type { Register } from "../../../protocol/profile/register.ts";
import { rawFromWords, wordsFromRaw } from "../../../protocol/profile/raw.ts";

/** A value that a device showed, with what looks wrong about it. */
interface Tried {
  readonly name: string;
  readonly value: number | undefined;
  readonly unit: string;
  readonly description: string;
  readonly hint?: string;
}

/** What a poll showed, computed values last. */
export function triedValues({ profile, columns, values }: Extract<Poll, { kind: "read" }>): readonly Tried[] {
  const shown = physicalColumns(profile, columns)(values);
  const byName = new Map(columns.map((name, column) => [name, shown[column]]));
  const known = columns.map((name) => lookup(profile, name)).filter((register) => register !== undefined);
  const read = shownOf(known).map((register): Tried => {
    const { name, unit, description } = register;
    const hint = hintOf(register, values[columns.indexOf(name)], byName.get(name));
    return { name, value: byName.get(name), unit, description, ...(hint === undefined ? {} : { hint }) };
  });
  const computed = [...derivedValues(profile, (name) => byName.get(name))].map(([name, value]): Tried => {
    const { unit = "", description = "" } = profile.derived?.find((one) => one.name === name) ?? {};
    return { name, value, unit, description };
  });
  return [...read, ...computed];
}

/** Words so far above what is usual that their order is suspected. */
const SUSPICIOUS = 65_536 * 16;

function hintOf(register: Register, raw: number | undefined, value: number | undefined): string | undefined {
  const meaning = raw === undefined ? undefined : register.values?.get(raw)?.text;
  if (meaning !== undefined) return meaning;
  if (raw === undefined) return "withheld: not there, or not plausible";
  if (value === undefined) return "absent";
  const words = wordsFromRaw(register.encoding, raw, register);
  if (register.making?.low || words?.length !== 2) return undefined;
  const other = rawFromWords(register.encoding, words.toReversed(), 0, register);
  const turned = physical(register, other, () => undefined);
  const looksTurned = turned !== undefined && Math.abs(value) >= SUSPICIOUS &&
    Math.abs(turned) < Math.abs(value) / 1_000;
  return looksTurned ? `looks like the wrong word order: the other way it is ${turned}` : undefined;
}
