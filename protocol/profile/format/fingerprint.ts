import { toHex } from "../../../crypto/bytes.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import type { DerivedValue, Register } from "../register.ts";

/** Hex digits of a fingerprint: 48 bits tell the few maps of one name apart. */
const DIGITS = 12;

/** Ids from before there were fingerprints. */
const EARLIER_IDS: ReadonlyMap<string, string> = new Map([["ecowatt@f0a117b23510", "ecowatt"]]);

/** What gives a stored number its meaning: with another of these it would be another number. */
const MEANING = [
  ...["name", "table", "address", "unitId", "encoding", "lowFirst", "swapped", "scale", "absent", "making"],
  ...["unit", "role", "reversed", "counts"],
] as const satisfies readonly (keyof Register)[];

/**
 * The id under which samples of these registers are stored: the profile's name and a fingerprint of what its numbers mean.
 *
 * @example
 * ```ts
 * mapId("example", [], []); // => "example@d616306d0bd9"
 * ```
 */
export function mapId(name: string, registers: readonly Register[], derived: readonly DerivedValue[]): string {
  const meaning = {
    registers: registers.map((register) => Object.fromEntries(MEANING.map((key) => [key, register[key]]))),
    derived: derived.map(({ name, is, unit, role, reversed }) => ({ name, is, unit, role, reversed })),
  };
  const id = `${name}@${toHex(sha256(JSON.stringify(sorted(meaning)))).slice(0, DIGITS)}`;
  return EARLIER_IDS.get(id) ?? id;
}

/** The same value with the keys of every object in order; what is not defined is left out by JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1).map(([key, part]) => [key, sorted(part)]),
  );
}
