import { toHex } from "../../../crypto/bytes.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import type { Profile, Register } from "../register.ts";

/** Hex digits of a fingerprint: 48 bits tell the few maps of one name apart. */
const DIGITS = 12;

/** Ids from before there were fingerprints. */
const EARLIER_IDS: ReadonlyMap<string, string> = new Map([["ecowatt@2fcc237e8998", "ecowatt"]]);

/** What gives a stored number its meaning: with another of these it would be another number. */
const MEANING = [
  ...["name", "table", "address", "unitId", "encoding", "lowFirst", "swapped", "scale", "absent", "making"],
  ...["unit", "role", "reversed", "counts"],
] as const satisfies readonly (keyof Register)[];

/** What of a profile gives its samples their meaning: of a meter, what an inverter's would be is not produced. */
type Meant = Pick<Profile, "class" | "registers" | "derived">;

/**
 * The id under which samples of these registers are stored: the profile's name and a fingerprint of what its numbers mean.
 *
 * @example
 * ```ts
 * mapId("example", { class: "meter", registers: [] }); // => "example@909a9cd67cdd"
 * ```
 */
export function mapId(name: string, meant: Meant): string {
  const id = `${name}@${meaningDigest(meant).slice(0, DIGITS)}`;
  return EARLIER_IDS.get(id) ?? id;
}

/**
 * The SHA-256 of what the numbers of a profile mean, in hex: the fingerprint in its id is the beginning of it, and two
 * profiles with one id that differ in this were made to look alike.
 *
 * @example
 * ```ts
 * meaningDigest({ class: "meter", registers: [] }).length; // => 64
 * ```
 */
export function meaningDigest({ class: kind, registers, derived = [] }: Meant): string {
  const meaning = {
    class: kind,
    registers: registers.map((register) => Object.fromEntries(MEANING.map((key) => [key, register[key]]))),
    derived: derived.map(({ name, is, unit, role, reversed }) => ({ name, is, unit, role, reversed })),
  };
  return toHex(sha256(JSON.stringify(sorted(meaning))));
}

/** The same value with the keys of every object in order; what is not defined is left out by JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1).map(([key, part]) => [key, sorted(part)]),
  );
}
