import { type Outcome, refusal, success } from "../../protocol/outcome.ts";

/** Why a frame cannot be read, whatever its format. */
export type FrameFault =
  /** No frame format begins like this. */
  | "unknown_format"
  /** The frame ends before its own count says so, or bytes follow its end. */
  | "length"
  /** A count, width, index or code that no encoder writes. */
  | "field"
  /** The bytes mean differences from something that is not known (a lost batch). */
  | "missing_base"
  /** Two readings are possible and nothing tells which. */
  | "undecidable";

/** Values read from a frame, and how many of its bytes they took. */
export interface Decoded<T> {
  readonly content: T;
  readonly length: number;
}

/** Reads `00 | count | count x uint16 LE` (contract/2-boards §4.3): exact. */
export function decodeRaw(frame: Uint8Array): Outcome<Decoded<readonly number[]>, FrameFault> {
  const count = frame[1];
  if (count === undefined || frame.length < 2 + 2 * count) return refusal("length", "raw frame is too short");
  if (count === 0) return refusal("field", "raw frame of no values");
  return success({ content: readWords(frame, 2, count), length: 2 + 2 * count });
}

/** `count` uint16 LE from `offset`; the caller has checked the length. */
export function readWords(bytes: Uint8Array, offset: number, count: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: count }, (_, i) => view.getUint16(offset + 2 * i, true));
}
