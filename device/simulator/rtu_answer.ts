import { encodeRtu } from "../modbus/rtu.ts";
import type { FaultPlan } from "./fault.ts";
import type { SimulatedResponse } from "./site.ts";

/** The RTU frame of an answer, damaged as its fault says; when and whether it is sent is not decided here. */
export function rtuAnswer(unit: number, { pdu, fault }: SimulatedResponse, plan: FaultPlan): Uint8Array {
  if (fault?.kind === "garbage") return plan.garbage(fault.bytes);
  const from = fault?.kind === "wrong_tid" ? (unit % 247) + 1 : unit;
  const encoded = encodeRtu(from, pdu);
  const frame = encoded.ok ? encoded.value : new Uint8Array();
  const last = frame.length - 1;
  if (fault?.kind === "crc") frame[last] = (frame[last] ?? 0) ^ 0xff;
  return frame;
}
