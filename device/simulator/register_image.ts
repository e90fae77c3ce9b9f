import { type RawOf, rawOfPhysical } from "../../protocol/profile/physical.ts";
import { wordsFromRaw } from "../../protocol/profile/raw.ts";
import type { Register } from "../../protocol/profile/register.ts";

/** Physical values by register name. */
export type Values = Readonly<Record<string, number | undefined>>;

/**
 * Puts the words of registers where they lie in `image`, whose first word has address `base`. A register without a
 * value, or whose scale cannot express it, gets the raw value for "not implemented" (0 where there is none).
 */
export function drawRegisters(image: number[], base: number, registers: readonly Register[], values: Values): void {
  const rawOf: RawOf = (name) => values[name];
  for (const register of registers) {
    const words = wordsFromRaw(register.encoding, rawValue(register, values[register.name], rawOf)) ?? [];
    words.forEach((word, i) => image[register.address - base + i] = word);
  }
}

function rawValue(register: Register, value: number | undefined, rawOf: RawOf): number {
  const raw = value === undefined ? undefined : rawOfPhysical(register, value, rawOf);
  return raw?.ok ? raw.value : register.absent ?? 0;
}
