import { concat } from "../../../crypto/bytes.ts";

/**
 * Modbus as the device and the patient client speak it, written apart from the product: what the product gets wrong is not
 * wrong here in the same way.
 */

export type Framing = "tcp" | "rtu";

/** A read of holding registers. */
export interface ReadRequest {
  readonly tid: number;
  readonly unit: number;
  readonly address: number;
  readonly count: number;
}

/** An answer, and where it deviates from the protocol. */
export interface AnswerFrame {
  readonly tid: number;
  readonly unit: number;
  readonly pdu: Uint8Array;
  /** Bytes too many behind the PDU. */
  readonly padding?: number;
  /** How far the length of a Modbus TCP header is off. */
  readonly lengthError?: number;
}

const CRC_OF_BYTE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

export function crc(bytes: Uint8Array): number {
  return bytes.reduce((crc, byte) => (crc >> 8) ^ (CRC_OF_BYTE[(crc ^ byte) & 0xff] ?? 0), 0xffff);
}

/** The PDU of an answer with these words; `countError`: how far its byte count is off. */
export function wordsPdu(words: readonly number[], countError = 0): Uint8Array {
  const pdu = new Uint8Array(2 + 2 * words.length);
  pdu[0] = 3;
  pdu[1] = 2 * words.length + countError;
  for (const [i, word] of words.entries()) {
    pdu[2 + 2 * i] = word >> 8;
    pdu[3 + 2 * i] = word & 0xff;
  }
  return pdu;
}

export function requestFrame(framing: Framing, { tid, unit, address, count }: ReadRequest): Uint8Array {
  const pdu = Uint8Array.of(3, address >> 8, address & 0xff, count >> 8, count & 0xff);
  return answerFrame(framing, { tid, unit, pdu });
}

export function answerFrame(framing: Framing, frame: AnswerFrame): Uint8Array {
  const { tid, unit, pdu, padding = 0, lengthError = 0 } = frame;
  const padded = concat(pdu, new Uint8Array(padding));
  const length = padded.length + 1 + lengthError;
  if (framing === "tcp") {
    return concat(Uint8Array.of(tid >> 8, tid & 0xff, 0, 0, length >> 8, length & 0xff, unit), padded);
  }
  const body = concat(Uint8Array.of(unit), padded);
  const sum = crc(body);
  return concat(body, Uint8Array.of(sum & 0xff, sum >> 8));
}

/** Takes bytes as they come, gives the reads among them. Whatever else is asked is not for this device. */
export class Requests {
  readonly #framing: Framing;
  #held: Uint8Array = new Uint8Array();

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  push(bytes: Uint8Array): readonly ReadRequest[] {
    this.#held = concat(this.#held, bytes);
    const length = this.#framing === "tcp" ? 12 : 8;
    const found: ReadRequest[] = [];
    for (; this.#held.length >= length; this.#held = this.#held.slice(length)) {
      const view = new DataView(this.#held.buffer, this.#held.byteOffset, length);
      const at = this.#framing === "tcp" ? 6 : 0;
      if (view.getUint8(at + 1) !== 3) throw new Error("only reads of holding registers are expected here");
      const tid = at === 0 ? 0 : view.getUint16(0);
      found.push({ tid, unit: view.getUint8(at), address: view.getUint16(at + 2), count: view.getUint16(at + 4) });
    }
    return found;
  }
}
