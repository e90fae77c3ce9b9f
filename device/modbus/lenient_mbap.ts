import type { Quirk } from "./quirks.ts";
import type { Ask } from "./line.ts";
import { MODBUS } from "./mbap.ts";
import { word } from "./packing.ts";
import { decodeResponse, type Response, responseLength } from "./pdu.ts";

const HEADER = 7;
const EXCEPTION_BYTES = 2;

/** What could be the answer of a device that breaks the protocol, and where it deviates. */
export interface LenientAnswer {
  readonly response: Response;
  readonly deviations: readonly Quirk[];
  /** Bytes up to the end of its PDU. */
  readonly bytes: number;
}

/**
 * The answer to a request that begins `bytes`, read as the request lets expect instead of as its header says. At least one of
 * its two lengths has to be right, or both too long, and content that the request repeats. `expects`: whether it may have this transaction id.
 * `more`: the rest of it may be still to come.
 */
export function decodeLeniently(
  bytes: Uint8Array,
  expects: (tid: number) => boolean,
  ask: Ask,
): LenientAnswer | "more" | undefined {
  if (bytes.length <= HEADER) return "more";
  const { request } = ask;
  const exception = bytes[HEADER] === (request.fc | 0x80);
  if (!exception && bytes[HEADER] !== request.fc) return undefined;
  const length = exception ? EXCEPTION_BYTES : responseLength(request);
  if (bytes.length < HEADER + length) return "more";
  const pdu = bytes.slice(HEADER, HEADER + length);
  const framed = word(bytes, 4) === length + 1;
  const counted = exception || request.fc > 4 || pdu[1] === length - 2;
  // Both may be too long where the transaction id says whose answer it is: what was asked for comes first.
  const longer = word(bytes, 4) > length + 1 && (pdu[1] ?? 0) > length - 2;
  if (!framed && !counted && !(longer && expects(word(bytes, 0)))) return undefined;
  if (!counted) pdu[1] = length - 2;
  const response = decodeResponse(pdu, request);
  if (!response.ok) return undefined;
  const deviations: Quirk[] = [];
  if (!expects(word(bytes, 0))) deviations.push("ignore_transaction_id");
  if (word(bytes, 2) !== MODBUS) deviations.push("ignore_protocol_id");
  if (!isFrom(bytes[6] ?? 0, ask.unit)) deviations.push("ignore_unit_id");
  if (!framed || !counted) deviations.push("ignore_length");
  return { response: response.value, deviations, bytes: HEADER + length };
}

/** Whether an answer is of this unit: devices that are no gateways may answer as 0 or 255, which is nobody's id. */
export function isFrom(unit: number, asked: number): boolean {
  return unit === asked || unit === 0 || unit === 255;
}
