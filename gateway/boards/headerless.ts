import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { type Packed, unpackBits } from "./bitpack.ts";
import { type FrameFault, readWords } from "./raw.ts";

/** Values of a frame without header: one sample. */
const VALUES = 6;

/** Widths by the length of the frame. 9 bytes may be 11 or 12 bits: nothing tells which. */
const WIDTHS = new Map([[9, [11, 12]], [10, [13]], [11, [14]], [12, [16]]]);

/**
 * Reads a frame without header (contract/2-boards §4.3; single samples: boards in the field send batches and never
 * these): six values of 11 to 14 bits, or of 16 bits, which are little-endian words. `width` is given where it is known
 * from elsewhere.
 */
export function decodeHeaderless(frame: Uint8Array, width?: number): Outcome<Packed, FrameFault> {
  const [bits, other] = width === undefined ? WIDTHS.get(frame.length) ?? [] : [width];
  if (other !== undefined) return refusal("undecidable", `${frame.length} bytes are 11 or 12 bits a value`);
  if (bits === undefined) {
    return refusal("unknown_format", `no frame format begins like this and has ${frame.length} bytes`);
  }
  if (bits < 1 || bits > 16 || frame.length !== Math.ceil(bits * VALUES / 8)) {
    return refusal("length", `${frame.length} bytes are not ${VALUES} values of ${bits} bits`);
  }
  if (bits < 16) return success(unpackBits(frame, bits, VALUES));
  return success({ values: readWords(frame, 0, VALUES), lostBits: new Array<number>(VALUES).fill(0) });
}
