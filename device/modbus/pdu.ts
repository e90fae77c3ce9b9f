import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { isByte, isWord, packBits, packWords, unpackBits, unpackWords, word } from "./packing.ts";

/** Function codes that this product speaks. */
export type FunctionCode = 1 | 2 | 3 | 4 | 5 | 6 | 15 | 16;

/** Most items one request may carry, by function (Modbus application protocol 1.1b3 §6). */
export const LIMITS = { 1: 2000, 2: 2000, 3: 125, 4: 125, 15: 1968, 16: 123 } as const;

/** Longest PDU: 256 bytes of RTU less unit and CRC (1.1b3 §4.1). */
export const MAX_PDU_BYTES = 253;

/** What a client asks. Addresses are zero-based (0 to 65535), values 16-bit unsigned words. */
export type Request =
  /** 1 coils, 2 discrete inputs. */
  | { readonly fc: 1 | 2; readonly address: number; readonly count: number }
  /** 3 holding registers, 4 input registers. */
  | { readonly fc: 3 | 4; readonly address: number; readonly count: number }
  | { readonly fc: 5; readonly address: number; readonly on: boolean }
  | { readonly fc: 6; readonly address: number; readonly value: number }
  | { readonly fc: 15; readonly address: number; readonly bits: readonly boolean[] }
  | { readonly fc: 16; readonly address: number; readonly values: readonly number[] };

/** What a server answers. */
export type Response =
  | { readonly fc: 1 | 2; readonly bits: readonly boolean[] }
  | { readonly fc: 3 | 4; readonly values: readonly number[] }
  | { readonly fc: 5; readonly address: number; readonly on: boolean }
  | { readonly fc: 6; readonly address: number; readonly value: number }
  | { readonly fc: 15 | 16; readonly address: number; readonly count: number }
  /** `code` 1 to 255: see exception.ts for the words. */
  | { readonly fc: "exception"; readonly function: number; readonly code: number };

/** Why a PDU is refused. `range`: the last address would be above 65535. `mismatch`: an answer to something else. */
export type PduFault = "length" | "function" | "quantity" | "range" | "value" | "mismatch";

type Refused = { readonly ok: false; readonly fault: PduFault; readonly detail: string };

/** The exception code with which a server answers a request it cannot decode (1.1b3 §7). */
export function exceptionFor(fault: PduFault): 1 | 2 | 3 {
  if (fault === "function") return 1;
  return fault === "range" ? 2 : 3;
}

/** Items that a request reads or writes. */
export function quantity(request: Request): number {
  switch (request.fc) {
    case 1:
    case 2:
    case 3:
    case 4:
      return request.count;
    case 5:
    case 6:
      return 1;
    case 15:
      return request.bits.length;
    case 16:
      return request.values.length;
  }
}

/** Bytes of the PDU that answers a request without an exception. */
export function responseLength(request: Request): number {
  switch (request.fc) {
    case 1:
    case 2:
      return 2 + Math.ceil(request.count / 8);
    case 3:
    case 4:
      return 2 + 2 * request.count;
    case 5:
    case 6:
    case 15:
    case 16:
      return 5;
  }
}

/** The PDU of a request. Refuses numbers outside 16 bits and quantities outside `LIMITS`. */
export function encodeRequest(request: Request): Outcome<Uint8Array<ArrayBuffer>, PduFault> {
  const fault = faultOf(request);
  if (fault) return fault;
  switch (request.fc) {
    case 1:
    case 2:
    case 3:
    case 4:
      return success(five(request.fc, request.address, request.count));
    case 5:
      return success(five(5, request.address, request.on ? 0xff00 : 0));
    case 6:
      return success(five(6, request.address, request.value));
    case 15:
      return success(withData(request.fc, request.address, request.bits.length, packBits(request.bits)));
    case 16:
      return success(withData(request.fc, request.address, request.values.length, packWords(request.values)));
  }
}

/** The request in a PDU; `exceptionFor` says how a server answers a refused one. */
export function decodeRequest(pdu: Uint8Array): Outcome<Request, PduFault> {
  const fc = pdu[0];
  if (!isFunction(fc)) return refusal("function", `function ${fc ?? "missing"} is not supported`);
  if (pdu.length < 5) return refusal("length", `${pdu.length} bytes are too short for function ${fc}`);
  const request = fc === 15 || fc === 16 ? decodeWriteMany(pdu, fc) : decodeFive(pdu, fc);
  if (!request.ok) return request;
  return faultOf(request.value) ?? request;
}

/** The PDU of a response. Refuses what no request could have asked for. */
export function encodeResponse(response: Response): Outcome<Uint8Array<ArrayBuffer>, PduFault> {
  switch (response.fc) {
    case 1:
    case 2:
      return outside(response.bits.length, response.fc) ?? success(counted(response.fc, packBits(response.bits)));
    case 3:
    case 4:
      return outside(response.values.length, response.fc) ?? notWords(response.values) ??
        success(counted(response.fc, packWords(response.values)));
    case 5:
      return faultOf(response) ?? success(five(5, response.address, response.on ? 0xff00 : 0));
    case 6:
      return faultOf(response) ?? success(five(6, response.address, response.value));
    case 15:
    case 16:
      return outside(response.count, response.fc) ?? beyond(response.address, response.count) ??
        success(five(response.fc, response.address, response.count));
    case "exception": {
      const { function: fc, code } = response;
      if (!isByte(fc) || fc >= 0x80) return refusal("function", `${fc} is not a function code`);
      if (!isByte(code) || code === 0) return refusal("value", `${code} is not an exception code`);
      return success(Uint8Array.of(fc | 0x80, code));
    }
  }
}

/** The response in a PDU, which must answer `request`: function, length and echoed numbers are compared. */
export function decodeResponse(pdu: Uint8Array, request: Request): Outcome<Response, PduFault> {
  const fc = pdu[0] ?? 0;
  if (fc === (request.fc | 0x80)) return decodeException(pdu, request.fc);
  if (fc !== request.fc) return refusal("function", `function ${fc} does not answer function ${request.fc}`);
  const length = responseLength(request);
  if (pdu.length !== length) return refusal("length", `${pdu.length} bytes where ${length} were expected`);
  switch (request.fc) {
    case 1:
    case 2:
      if (pdu[1] !== length - 2) return wrongByteCount(pdu, length);
      return success({ fc: request.fc, bits: unpackBits(pdu, 2, request.count) });
    case 3:
    case 4:
      if (pdu[1] !== length - 2) return wrongByteCount(pdu, length);
      return success({ fc: request.fc, values: unpackWords(pdu, 2, request.count) });
    case 5:
      if (word(pdu, 1) !== request.address || word(pdu, 3) !== (request.on ? 0xff00 : 0)) return notEchoed(pdu);
      return success({ fc: 5, address: request.address, on: request.on });
    case 6:
      if (word(pdu, 1) !== request.address || word(pdu, 3) !== request.value) return notEchoed(pdu);
      return success({ fc: 6, address: request.address, value: request.value });
    case 15:
    case 16:
      if (word(pdu, 1) !== request.address || word(pdu, 3) !== quantity(request)) return notEchoed(pdu);
      return success({ fc: request.fc, address: request.address, count: quantity(request) });
  }
}

function decodeException(pdu: Uint8Array, fc: FunctionCode): Outcome<Response, PduFault> {
  const code = pdu[1];
  if (pdu.length !== 2 || code === undefined) return refusal("length", `an exception of ${pdu.length} bytes, not 2`);
  if (code === 0) return refusal("value", "exception code 0");
  return success({ fc: "exception", function: fc, code });
}

function decodeFive(pdu: Uint8Array, fc: Exclude<FunctionCode, 15 | 16>): Outcome<Request, PduFault> {
  if (pdu.length !== 5) return refusal("length", `${pdu.length} bytes where 5 were expected`);
  const address = word(pdu, 1);
  const second = word(pdu, 3);
  if (fc === 6) return success({ fc, address, value: second });
  if (fc !== 5) return success({ fc, address, count: second });
  if (second !== 0 && second !== 0xff00) return refusal("value", `a coil is written 0x0000 or 0xFF00, not ${second}`);
  return success({ fc, address, on: second === 0xff00 });
}

function decodeWriteMany(pdu: Uint8Array, fc: 15 | 16): Outcome<Request, PduFault> {
  const count = word(pdu, 3);
  const bytes = fc === 15 ? Math.ceil(count / 8) : 2 * count;
  const fault = outside(count, fc);
  if (fault) return fault;
  if (pdu[5] !== bytes || pdu.length !== 6 + bytes) {
    return refusal("length", `${pdu.length} bytes, byte count ${pdu[5] ?? "missing"}: ${count} items need ${bytes}`);
  }
  const address = word(pdu, 1);
  if (fc === 15) return success({ fc, address, bits: unpackBits(pdu, 6, count) });
  return success({ fc, address, values: unpackWords(pdu, 6, count) });
}

/** The rule a request breaks, if any. */
function faultOf(request: Request): Refused | undefined {
  const count = quantity(request);
  if (request.fc === 6 && !isWord(request.value)) return refusal("value", `${request.value} is not a 16-bit word`);
  if (request.fc === 16) return outside(count, 16) ?? notWords(request.values) ?? beyond(request.address, count);
  if (request.fc === 5 || request.fc === 6) return beyond(request.address, 1);
  return outside(count, request.fc) ?? beyond(request.address, count);
}

function outside(count: number, fc: keyof typeof LIMITS): Refused | undefined {
  if (Number.isInteger(count) && count >= 1 && count <= LIMITS[fc]) return undefined;
  return refusal("quantity", `function ${fc} carries 1 to ${LIMITS[fc]} items, not ${count}`);
}

function beyond(address: number, count: number): Refused | undefined {
  if (isWord(address) && address + count <= 0x10000) return undefined;
  return refusal("range", `${count} items from address ${address} do not lie within 0 to 65535`);
}

function notWords(values: readonly number[]): Refused | undefined {
  const bad = values.find((value) => !isWord(value));
  return bad === undefined ? undefined : refusal("value", `${bad} is not a 16-bit word`);
}

function wrongByteCount(pdu: Uint8Array, length: number): Refused {
  return refusal("length", `byte count ${pdu[1]} where ${length - 2} was expected`);
}

function notEchoed(pdu: Uint8Array): Refused {
  return refusal("mismatch", `the answer confirms address ${word(pdu, 1)}, content ${word(pdu, 3)}: not what was sent`);
}

function isFunction(fc: number | undefined): fc is FunctionCode {
  return fc !== undefined && ((fc >= 1 && fc <= 6) || fc === 15 || fc === 16);
}

function five(fc: number, first: number, second: number): Uint8Array<ArrayBuffer> {
  const pdu = new Uint8Array(5); // twice as fast as Uint8Array.of, on the path of every poll
  pdu[0] = fc;
  pdu[1] = first >> 8;
  pdu[2] = first & 0xff;
  pdu[3] = second >> 8;
  pdu[4] = second & 0xff;
  return pdu;
}

function withData(fc: number, address: number, count: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const pdu = new Uint8Array(6 + data.length);
  pdu.set(five(fc, address, count));
  pdu[5] = data.length;
  pdu.set(data, 6);
  return pdu;
}

function counted(fc: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const pdu = new Uint8Array(2 + data.length);
  pdu[0] = fc;
  pdu[1] = data.length;
  pdu.set(data, 2);
  return pdu;
}
