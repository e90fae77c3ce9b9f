import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { Decoded, FrameFault } from "./raw.ts";

/** The differences of a dictionary frame from its pattern, as far as the bytes tell. */
export interface DictionaryFrame {
  readonly index: number;
  /** How many values, at most 30. */
  readonly count: number;
  /** Bit p tells whether position p < 16 differs from the pattern. Later positions have no bit. */
  readonly mask: number;
  /** One code for each position that differs, in their order. */
  readonly codes: readonly Code[];
}

/** The differences a code may stand for, likeliest first. */
type Code = readonly number[];

/** Positions that the mask covers. */
export const MASKED_POSITIONS = 16;

/** Most values of one call of the encoder: five samples of six columns. */
const MOST_VALUES = 30;

/** Reads `D0 | index | count | mask LE | codes` (contract/2-boards §4.1). */
export function decodeDictionary(frame: Uint8Array): Outcome<Decoded<DictionaryFrame>, FrameFault> {
  const [, index, count, maskLow, maskHigh] = frame;
  if (index === undefined || count === undefined || maskLow === undefined || maskHigh === undefined) {
    return refusal("length", "dictionary frame is too short");
  }
  if (count === 0 || count > MOST_VALUES) return refusal("field", `dictionary frame of ${count} values`);
  const mask = maskLow | (maskHigh << 8);
  if (mask >> Math.min(count, MASKED_POSITIONS) !== 0) return refusal("field", "mask beyond the count");
  const parsed = readCodes(frame, 5);
  if (!parsed.ok) return parsed;
  const codes = parsed.value.content;
  const unmasked = codes.length - popcount(mask);
  if (unmasked < 0) return refusal("length", "fewer codes than the mask has bits");
  if (unmasked > Math.max(0, count - MASKED_POSITIONS)) return refusal("field", "more codes than positions");
  return success({ content: { index, count, mask, codes }, length: parsed.value.length });
}

/** Whether power differs from its pattern in one of the samples that the mask covers. */
export function movesPower({ mask }: DictionaryFrame): boolean {
  return (mask & OF_POWER) !== 0;
}

/** PAC, the fourth of six columns. */
const OF_POWER = 1 << 3 | 1 << 9 | 1 << 15;

/** Number of set bits. */
export function popcount(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits++;
  return bits;
}

/** Codes up to the end; a rest too short for one is filler of the Base64. */
function readCodes(frame: Uint8Array, start: number): Outcome<Decoded<readonly Code[]>, FrameFault> {
  const codes: Code[] = [];
  let at = start;
  while (at < frame.length) {
    const first = frame[at] ?? 0;
    if (first > 0x80) {
      codes.push(SHORT_CODES[first & 0x7f] ?? []);
      at++;
    } else if (first > 0) {
      return refusal("field", `no dictionary code begins with ${first}`);
    } else if (at + 3 > frame.length) {
      break;
    } else {
      codes.push([(((frame[at + 1] ?? 0) | ((frame[at + 2] ?? 0) << 8)) << 16) >> 16]);
      at += 3;
    }
    if (codes.length > MOST_VALUES) return refusal("field", "more codes than positions");
  }
  return success({ content: codes, length: at });
}

/**
 * What a one-byte code c may mean. The encoder keeps the low seven bits of a difference in -127..127 and sets bit 6 of a
 * negative one: 1 to 63 is +c; 64 is +64 or -64; above, it is c, c - 128 or c - 192. 0 would be no difference.
 */
const SHORT_CODES: readonly Code[] = Array.from({ length: 128 }, (_, c) => {
  if (c < 64) return [c];
  return c === 64 ? [-64, 64] : [c - 128, c, c - 192];
});
