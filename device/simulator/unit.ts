import type { ExceptionCode } from "../modbus/exception.ts";
import {
  decodeRequest,
  encodeResponse,
  exceptionFor,
  type FunctionCode,
  quantity,
  type Request,
  type Response,
} from "../modbus/pdu.ts";

/** One device as Modbus sees it: its registers, and the functions that reach them. */
export interface SimulatedUnit {
  readonly functions: ReadonlySet<FunctionCode>;
  /** `count` words from `address`, or the exception that refuses them. Most have the same in both tables, or one. */
  read(address: number, count: number, table: "holding" | "input"): readonly number[] | ExceptionCode;
  /** Takes the words, all or none; the exception that refuses them, `undefined` when they are in force. */
  write(address: number, words: readonly number[]): ExceptionCode | undefined;
}

/** The PDU with which a unit answers a PDU, whatever is in it. */
export function respond(unit: SimulatedUnit, pdu: Uint8Array): Uint8Array {
  const decoded = decodeRequest(pdu);
  const fc = (pdu[0] ?? 0) & 0x7f;
  if (!decoded.ok) return exceptionPdu(fc, exceptionFor(decoded.fault));
  if (!unit.functions.has(decoded.value.fc)) return exceptionPdu(fc, 1);
  const answer = serve(unit, decoded.value);
  if (typeof answer === "number") return exceptionPdu(fc, answer);
  const encoded = encodeResponse(answer);
  return encoded.ok ? encoded.value : exceptionPdu(fc, 4);
}

/** The PDU of an exception. */
export function exceptionPdu(fc: number, code: number): Uint8Array {
  return Uint8Array.of((fc & 0x7f) | 0x80, code & 0xff);
}

function serve(unit: SimulatedUnit, request: Request): Response | ExceptionCode {
  switch (request.fc) {
    case 3:
    case 4: {
      const values = unit.read(request.address, request.count, request.fc === 3 ? "holding" : "input");
      return typeof values === "number" ? values : { fc: request.fc, values };
    }
    case 6:
      return unit.write(request.address, [request.value]) ?? request;
    case 16:
      return unit.write(request.address, request.values) ??
        { fc: 16, address: request.address, count: quantity(request) };
    case 1:
    case 2:
    case 5:
    case 15:
      return 1; // no inverter here has coils
    default:
      return request satisfies never;
  }
}
