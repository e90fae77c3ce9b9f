import { endsWithCrc } from "./crc.ts";
import type { Ask } from "./line.ts";
import { decodeResponse, type Response, responseLength } from "./pdu.ts";
import { decodeRtu, RTU_BYTES, rtuResponseLength } from "./rtu.ts";

/** Unit and CRC around a PDU. */
const FRAME_OVERHEAD = 3;
const EXCEPTION_BYTES = 5;

/** Bytes of the frame that answers a request without an exception. */
export function answerBytes(ask: Ask): number {
  return responseLength(ask.request) + FRAME_OVERHEAD;
}

/** An answer, and the offset of the first byte behind it. */
export interface Found {
  readonly response: Response;
  readonly end: number;
}

/**
 * The answer to a request among received bytes, wherever it starts: noise and frames for others may precede it. That is
 * safe as unit, function, length and CRC must all fit, at least 32 bits: noise does so once in billions of frames.
 */
export function findResponse(bytes: Uint8Array, ask: Ask): Found | undefined {
  for (let at = 0; at + EXCEPTION_BYTES <= bytes.length; at++) {
    const end = at + frameLength(bytes, at, ask);
    if (end === at || end > bytes.length || !endsWithCrc(bytes, at, end)) continue;
    const response = decodeResponse(bytes.subarray(at + 1, end - 2), ask.request);
    if (response.ok) return { response: response.value, end };
  }
  return undefined;
}

/** Whether bytes begin like the answer and are as long as it, so that nothing more is to be waited for. */
export function isComplete(bytes: Uint8Array, ask: Ask): boolean {
  const length = frameLength(bytes, 0, ask);
  return length > 0 && bytes.length >= length;
}

/** Length of the answer that may start at `at`, 0 when it cannot. */
function frameLength(bytes: Uint8Array, at: number, { unit, request }: Ask): number {
  if (bytes[at] !== unit) return 0;
  if (bytes[at + 1] === (request.fc | 0x80)) return EXCEPTION_BYTES;
  return bytes[at + 1] === request.fc ? responseLength(request) + FRAME_OVERHEAD : 0;
}

/** What bytes are that hold no answer. */
type Diagnosis =
  | { readonly kind: "silence" }
  | { readonly kind: "damaged" }
  | { readonly kind: "foreign"; readonly detail: string; readonly frames: number };

/** Says what arrived instead of an answer: nothing, whole frames for somebody else, or damage. */
export function diagnose(bytes: Uint8Array, ask: Ask): Diagnosis {
  if (bytes.length === 0) return { kind: "silence" };
  const frames = foreignFrames(bytes);
  const first = frames[0];
  if (first === undefined) return { kind: "damaged" };
  return { kind: "foreign", detail: strangeness(first, ask), frames: frames.length };
}

/** Whole frames with a fitting CRC, one after the other. */
function foreignFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + RTU_BYTES.min <= bytes.length;) {
    const length = rtuResponseLength(bytes, at);
    const frame = typeof length === "number" ? bytes.subarray(at, at + length) : new Uint8Array();
    if (frame.length === length && decodeRtu(frame).ok) frames.push(frame);
    at += frames.at(-1) === frame ? frame.length : 1;
  }
  return frames;
}

function strangeness(frame: Uint8Array, ask: Ask): string {
  if (frame[0] !== ask.unit) return `a frame of unit ${frame[0]}: another master on the line, or a late answer`;
  if ((frame[1] ?? 0) % 0x80 !== ask.request.fc) return `an answer to function ${(frame[1] ?? 0) % 0x80}: a late one`;
  return `an answer of ${frame.length} bytes where ${answerBytes(ask)} were expected: a late one`;
}
