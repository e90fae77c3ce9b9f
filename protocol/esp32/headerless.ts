import { type Outcome, refusal, success } from "../outcome.ts";
import { type Packed, unpackBits } from "./bitpack.ts";
import { type FrameFault, readWords } from "./raw.ts";

/** Most values of a frame without header. */
const MOST_VALUES = 8;

/** Widths of six bit-packed values by the length of the frame. 9 bytes may be 11 or 12 bits: nothing tells which. */
const WIDTHS_OF_SIX = new Map([[9, [11, 12]], [10, [13]], [11, [14]]]);

/**
 * Reads a frame without header (firmware acb9419, single samples of at most 8 values; boards in the field send batches
 * and never these): raw words, or six values of 11 to 14 bits. `bits` is the width where it is known from elsewhere.
 */
export function decodeHeaderless(frame: Uint8Array, bits?: number): Outcome<Packed, FrameFault> {
  if (bits !== undefined) {
    if (bits < 1 || bits > 16 || frame.length !== Math.ceil(bits * 6 / 8)) {
      return refusal("length", `${frame.length} bytes are not six values of ${bits} bits`);
    }
    return success(unpackBits(frame, bits, 6));
  }
  const [width, other] = WIDTHS_OF_SIX.get(frame.length) ?? [];
  if (other !== undefined) return refusal("undecidable", `${frame.length} bytes are 11 or 12 bits a value`);
  if (width !== undefined) return success(unpackBits(frame, width, 6));
  if (frame.length === 0 || frame.length % 2 !== 0 || frame.length > 2 * MOST_VALUES) {
    return refusal("unknown_format", `no frame format begins like this and has ${frame.length} bytes`);
  }
  const values = readWords(frame, 0, frame.length / 2);
  return success({ values, lostBits: values.map(() => 0) });
}
