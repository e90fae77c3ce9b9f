import { endsWithCrc } from "./crc.ts";
import { type Quirk, remedyFor } from "./quirks.ts";
import type { Ask } from "./line.ts";
import { decodeRequest, decodeResponse, type Response, responseLength } from "./pdu.ts";
import { decodeRtu, RTU_BYTES, rtuResponseLength } from "./rtu.ts";

/** Unit and CRC around a PDU. */
const FRAME_OVERHEAD = 3;
const EXCEPTION_BYTES = 5;
/** A whole request to read. */
const READ_BYTES = 8;

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
 * safe as unit, function, length and CRC must all fit, at least 32 bits: noise does so once in billions of frames. What
 * follows the request of another master answers that.
 */
export function findResponse(bytes: Uint8Array, ask: Ask): Found | undefined {
  for (let at = 0; at + EXCEPTION_BYTES <= bytes.length; at++) {
    at += foreignExchange(bytes, at, ask);
    const end = at + frameLength(bytes, at, ask);
    if (end === at || end > bytes.length || !endsWithCrc(bytes, at, end)) continue;
    const response = decodeResponse(bytes.subarray(at + 1, end - 2), ask.request);
    if (response.ok) return { response: response.value, end };
  }
  return undefined;
}

/** Unit ids of a serial line end here (Modbus over serial line 1.02 §2.2). */
const LAST_UNIT = 247;

/** Bytes of a request to the same unit that another master sent, and of the answer to it; 0 when none starts at `at`. */
function foreignExchange(bytes: Uint8Array, at: number, { unit, request, pdu }: Ask): number {
  const end = at + READ_BYTES;
  if (bytes[at] !== unit || request.fc > 4 || !endsWithCrc(bytes, at, end)) return 0;
  const other = decodeRequest(bytes.subarray(at + 1, end - 2));
  if (!other.ok || other.value.fc !== request.fc || pdu.every((byte, i) => byte === bytes[at + 1 + i])) return 0;
  const answer = frameLength(bytes, end, { unit, request: other.value });
  return READ_BYTES + (endsWithCrc(bytes, end, end + answer) ? answer : 0);
}

/** What could be the answer of a device that breaks the protocol, and where it deviates. */
interface LenientFound extends Found {
  readonly deviations: readonly Quirk[];
}

/** Bytes with which a frame may be padded, before its CRC. */
const MOST_PADDING = 16;

/**
 * What could be the answer although its unit id or a length is wrong. The CRC fits behind the length that was asked for, or
 * behind padding when the byte count is right: noise and answers to other requests are not like that. `accepts`: which
 * deviations are looked for; what else is on the line may deviate, too.
 */
export function findLeniently(
  bytes: Uint8Array,
  ask: Ask,
  accepts: (deviations: readonly Quirk[]) => boolean = () => true,
): LenientFound | undefined {
  for (let at = 0; at + EXCEPTION_BYTES <= bytes.length; at++) {
    for (let padding = 0; padding <= MOST_PADDING; padding++) {
      const lenient = lenientAt(bytes, at, padding, ask);
      if (lenient && accepts(lenient.deviations)) return lenient;
    }
  }
  return undefined;
}

function lenientAt(bytes: Uint8Array, at: number, padding: number, ask: Ask): LenientFound | undefined {
  const { request, unit } = ask;
  const length = frameLength(bytes, at, { ...ask, unit: bytes[at] ?? 0 });
  const end = at + length + padding;
  if (length === 0 || end > bytes.length || !endsWithCrc(bytes, at, end)) return undefined;
  const pdu = bytes.slice(at + 1, at + length - 2);
  const counted = length === EXCEPTION_BYTES || request.fc > 4 || pdu[1] === pdu.length - 2;
  if (!counted && padding > 0) return undefined;
  if (!counted) pdu[1] = pdu.length - 2;
  const response = decodeResponse(pdu, request);
  if (!response.ok) return undefined;
  const deviations: Quirk[] = [];
  if (bytes[at] !== unit) deviations.push("ignore_unit_id");
  if (!counted || padding > 0) deviations.push("ignore_length");
  return { response: response.value, end, deviations };
}

/**
 * Whether bytes, but for whole frames of other units before, begin like the answer and are as long as it, so that nothing more
 * is to be waited for.
 */
export function isComplete(bytes: Uint8Array, ask: Ask): boolean {
  const from = behindOthers(bytes, ask);
  const length = frameLength(bytes, from, ask);
  return length > 0 && bytes.length >= from + length;
}

/** Where the whole frames of other units end with which bytes begin. */
function behindOthers(bytes: Uint8Array, { unit }: Ask): number {
  let at = 0;
  for (let length = rtuResponseLength(bytes); typeof length === "number"; length = rtuResponseLength(bytes, at)) {
    const frame = bytes.subarray(at, at + length);
    if (frame.length < length || frame[0] === unit || !isAnswer(frame)) break;
    at += length;
  }
  return at;
}

/** Length of the answer that may start at `at`, 0 when it cannot. */
function frameLength(bytes: Uint8Array, at: number, { unit, request }: Pick<Ask, "unit" | "request">): number {
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
  const [first] = frames;
  const odd = findLeniently(bytes, ask)?.deviations;
  if (first === undefined && odd === undefined) return { kind: "damaged" };
  const own = findLeniently(bytes, ask, (deviations) => !deviations.includes("ignore_unit_id"));
  const whole = frames.some(([unit]) => unit === ask.unit);
  if (own === undefined && !whole && isComplete(bytes, ask)) return { kind: "damaged" };
  const what = first === undefined ? "an answer with a wrong length" : strangeness(first, ask);
  return { kind: "foreign", detail: odd ? `${what}; ${remedyFor(odd)}` : what, frames: Math.max(1, frames.length) };
}

/** Whole frames with a fitting CRC, one after the other. */
export function foreignFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + RTU_BYTES.min <= bytes.length;) {
    const length = rtuResponseLength(bytes, at);
    const frame = typeof length === "number" ? bytes.subarray(at, at + length) : new Uint8Array();
    if (frame.length === length && isAnswer(frame)) frames.push(frame);
    at += frames.at(-1) === frame ? frame.length : 1;
  }
  return frames;
}

/** Whether a unit can have said this. FF FF 00 00 00 fits its CRC as well, and values that are absent look so. */
function isAnswer(frame: Uint8Array): boolean {
  const [unit = 0, fc = 0, code = 0] = frame;
  return unit >= 1 && unit <= LAST_UNIT && (fc < 0x80 || code > 0) && decodeRtu(frame).ok;
}

function strangeness(frame: Uint8Array, ask: Ask): string {
  if (frame[0] !== ask.unit) return `a frame of unit ${frame[0]}: another master on the line, or a late answer`;
  if ((frame[1] ?? 0) % 0x80 !== ask.request.fc) return `an answer to function ${(frame[1] ?? 0) % 0x80}: a late one`;
  return `an answer of ${frame.length} bytes where ${answerBytes(ask)} were expected: a late one`;
}
