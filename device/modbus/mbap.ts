import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { isByte, isWord, word } from "./packing.ts";
import { MAX_PDU_BYTES } from "./pdu.ts";
import type { Adu } from "./rtu.ts";

/** One Modbus TCP frame (Modbus messaging on TCP/IP 1.0b §3.1). */
export interface MbapFrame extends Adu {
  /** Transaction id, 0 to 65535, which an answer repeats. */
  readonly tid: number;
}

/** Why bytes are not Modbus TCP. The stream cannot be trusted any further: close the connection. */
export type MbapFault = "protocol" | "length";

const HEADER = 7;
/** The protocol id of a header. */
export const MODBUS = 0;

/** Longest Modbus TCP frame: header and the longest PDU. */
export const MAX_MBAP_BYTES = HEADER + MAX_PDU_BYTES;

/** Header and PDU. */
export function encodeMbap(frame: MbapFrame): Outcome<Uint8Array<ArrayBuffer>, "tid" | "unit" | "length"> {
  const { tid, unit, pdu } = frame;
  if (!isWord(tid)) return refusal("tid", `${tid} is not a transaction id: 0 to 65535`);
  if (!isByte(unit)) return refusal("unit", `${unit} is not a unit: 0 to 255`);
  if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES) {
    return refusal("length", `a PDU has 1 to 253 bytes, not ${pdu.length}`);
  }
  const bytes = new Uint8Array(HEADER + pdu.length);
  bytes[0] = tid >> 8;
  bytes[1] = tid & 0xff;
  bytes[4] = (pdu.length + 1) >> 8;
  bytes[5] = (pdu.length + 1) & 0xff;
  bytes[6] = unit;
  bytes.set(pdu, HEADER);
  return success(bytes);
}

/**
 * Takes bytes as they arrive and gives whole frames, for clients and servers. Bounded: it never holds more than one
 * frame and the bytes of one `push`. After a fault every `next` repeats it.
 */
export class MbapDeframer {
  #buffer = new Uint8Array(2 * MAX_MBAP_BYTES);
  #start = 0;
  #end = 0;

  /** Appends bytes that arrived. Take all frames with `next` before the following push. */
  push(bytes: Uint8Array): void {
    const held = this.#end - this.#start;
    if (this.#end + bytes.length > this.#buffer.length) this.#compact(held + bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /**
   * The next whole frame, `undefined` when more bytes must come. The PDU is a view that the next `push` overwrites.
   * `anyProtocol`: the protocol id may be wrong.
   */
  next(anyProtocol = false): Outcome<MbapFrame, MbapFault> | undefined {
    const { length: held, start, buffer } = {
      length: this.#end - this.#start,
      start: this.#start,
      buffer: this.#buffer,
    };
    if (held < 6) return undefined;
    const protocol = word(buffer, start + 2);
    if (protocol !== MODBUS && !anyProtocol) return refusal("protocol", `protocol ${protocol} is not Modbus (0)`);
    const length = word(buffer, start + 4);
    if (length < 2 || length > MAX_PDU_BYTES + 1) return refusal("length", `length field ${length} is not 2 to 254`);
    if (held < 6 + length) return undefined;
    this.#start += 6 + length;
    if (this.#start === this.#end) this.#start = this.#end = 0;
    const pdu = buffer.subarray(start + HEADER, start + 6 + length);
    return success({ tid: word(buffer, start), unit: buffer[start + 6] ?? 0, pdu });
  }

  /** What was pushed and not taken, a view that the next `push` overwrites: it begins with a frame. */
  get held(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Takes `bytes` of what is held as one frame, whatever its header says. */
  skip(bytes: number): void {
    this.#start = Math.min(this.#start + bytes, this.#end);
  }

  /** Forgets what was pushed. */
  clear(): void {
    this.#start = this.#end = 0;
  }

  #compact(needed: number): void {
    const target = needed > this.#buffer.length ? new Uint8Array(needed) : this.#buffer;
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
