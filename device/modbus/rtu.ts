import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { crc16, endsWithCrc } from "./crc.ts";
import { isByte } from "./packing.ts";
import { MAX_PDU_BYTES } from "./pdu.ts";

/** A PDU and the unit (slave) it goes to or comes from. Unit 0 is everybody (broadcast). */
export interface Adu {
  readonly unit: number;
  readonly pdu: Uint8Array;
}

/** Shortest and longest RTU frame, unit and CRC included (Modbus over serial line 1.02 §2.5.1). */
export const RTU_BYTES = { min: 4, max: 256 } as const;

/** What is known of a frame from its first bytes: its whole length, that more must come, or that it cannot be one. */
type FrameLength = number | "more" | "unknown";

/** Unit, PDU, CRC. */
export function encodeRtu(unit: number, pdu: Uint8Array): Outcome<Uint8Array<ArrayBuffer>, "unit" | "length"> {
  if (!isByte(unit)) return refusal("unit", `${unit} is not a unit: 0 to 255`);
  if (pdu.length < 1 || pdu.length > MAX_PDU_BYTES) {
    return refusal("length", `a PDU has 1 to 253 bytes, not ${pdu.length}`);
  }
  const frame = new Uint8Array(pdu.length + 3);
  frame[0] = unit;
  frame.set(pdu, 1);
  const crc = crc16(frame, 0, frame.length - 2);
  frame[frame.length - 2] = crc & 0xff;
  frame[frame.length - 1] = crc >> 8;
  return success(frame);
}

/** The unit and PDU of a whole frame. The PDU is a view, not a copy. */
export function decodeRtu(frame: Uint8Array): Outcome<Adu, "length" | "crc"> {
  if (frame.length < RTU_BYTES.min || frame.length > RTU_BYTES.max) {
    return refusal("length", `an RTU frame has 4 to 256 bytes, not ${frame.length}`);
  }
  if (!endsWithCrc(frame)) return refusal("crc", "the CRC does not fit the bytes");
  return success({ unit: frame[0] ?? 0, pdu: frame.subarray(1, frame.length - 2) });
}

/** Length of the response frame that starts at `bytes[from]`, from its own function and byte count. */
export function rtuResponseLength(bytes: Uint8Array, from = 0, end = bytes.length): FrameLength {
  if (end - from < 2) return "more";
  const fc = bytes[from + 1] ?? 0;
  if (fc >= 0x80) return 5;
  switch (fc) {
    case 1:
    case 2:
    case 3:
    case 4:
      return end - from < 3 ? "more" : bounded(5 + (bytes[from + 2] ?? 0));
    case 5:
    case 6:
    case 15:
    case 16:
      return 8;
    default:
      return "unknown";
  }
}

/** Length of the request frame that starts at `bytes[from]`, for a server on the line. */
export function rtuRequestLength(bytes: Uint8Array, from = 0, end = bytes.length): FrameLength {
  if (end - from < 2) return "more";
  const fc = bytes[from + 1] ?? 0;
  if (fc >= 1 && fc <= 6) return 8;
  if (fc !== 15 && fc !== 16) return "unknown";
  return end - from < 7 ? "more" : bounded(9 + (bytes[from + 6] ?? 0));
}

function bounded(length: number): FrameLength {
  return length <= RTU_BYTES.max ? length : "unknown";
}
