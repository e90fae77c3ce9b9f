import { wordsOf } from "../profile/raw.ts";
import type { Profile, Register } from "../profile/register.ts";
import { parseMapId } from "../profile/sunspec/map_id.ts";

/** Registers from `start` up to, not including, `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The holding register that begins at `address`; `undefined` where none does.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * registerAt(ecowatt, 8)?.name; // => "Pow"
 * registerAt(ecowatt, 10); // => undefined
 * ```
 */
export function registerAt(profile: Profile, address: number): Register | undefined {
  return profile.registers.find((register) => register.table === "holding" && register.address === address);
}

/**
 * Whether an inverter of this profile has all of `count` holding registers from `address` on. The models of a SunSpec map count
 * as a whole: they hold texts and headers that have no name in our tables.
 *
 * @example
 * ```ts
 * import { ecowatt } from "../profile/ecowatt.ts";
 * hasAddresses(ecowatt, 0, 10); // => true
 * hasAddresses(ecowatt, 9, 2); // => false
 * ```
 */
export function hasAddresses(profile: Profile, address: number, count: number): boolean {
  const end = address + count;
  let reached = address;
  for (const span of spansOf(profile)) {
    if (span.start > reached) break;
    reached = Math.max(reached, span.end);
  }
  return reached >= end && spansOf(profile).some((span) => span.start <= address && address < span.end);
}

/** In order of their start. */
function spansOf(profile: Profile): readonly Span[] {
  const blocks = parseMapId(profile.id);
  if (blocks.ok) return blocks.value.map(({ address, length }) => ({ start: address, end: address + 2 + length }));
  return profile.registers.filter(({ table }) => table === "holding")
    .map(({ address, encoding }) => ({ start: address, end: address + wordsOf(encoding) }))
    .toSorted((a, b) => a.start - b.start);
}
