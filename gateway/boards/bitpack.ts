import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { Decoded, FrameFault } from "./raw.ts";

/** Bit-packed values and what the packer lost of them. */
export interface Packed {
  /** As stored: low bits that were lost read as 0. */
  readonly values: readonly number[];
  /** How many low bits of each value were lost; all 0 in an exact frame. */
  readonly lostBits: readonly number[];
}

/** Reads `01 | bits | count | values, MSB first` (contract/2-boards §4.2). */
export function decodeBitpack(frame: Uint8Array): Outcome<Decoded<Packed>, FrameFault> {
  const [, bits, count] = frame;
  if (bits === undefined || count === undefined) return refusal("length", "bit-packed frame is too short");
  if (bits < 1 || bits > 16 || count === 0) return refusal("field", `${count} values of ${bits} bits`);
  const length = 3 + Math.ceil(bits * count / 8);
  if (frame.length < length) return refusal("length", "bit-packed frame is too short");
  return success({ content: unpackBits(frame.subarray(3, length), bits, count), length });
}

/**
 * Values of `bits` bits each. The packer of the boards stores at most two bytes of a value: where a value spans three
 * (11, 13, 14, 15 bits) its low bits are zeros. The packer was put right later under the same header, so one bit in
 * such a place shows that nothing is lost. The caller has checked the length.
 */
export function unpackBits(data: Uint8Array, bits: number, count: number): Packed {
  const values = Array.from({ length: count }, (_, i) => readBits(data, i * bits, bits));
  const lostBits = values.map((_, i) => lostBitsAt((i * bits) % 8, bits));
  const repaired = values.some((value, i) => (value & ((1 << (lostBits[i] ?? 0)) - 1)) !== 0);
  return { values, lostBits: repaired ? values.map(() => 0) : lostBits };
}

/** Only the first byte's part of a value that spans three bytes is stored. */
function lostBitsAt(offset: number, bits: number): number {
  return offset + bits > 16 ? bits - (8 - offset) : 0;
}

function readBits(data: Uint8Array, start: number, bits: number): number {
  const at = start >> 3;
  const window = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
  return (window >> (24 - (start & 7) - bits)) & ((1 << bits) - 1);
}
