import { decodeRequest } from "../modbus/pdu.ts";
import type { Asked, FaultPlan, Interface, SimulatorFault } from "./fault.ts";
import { exceptionPdu, respond, type SimulatedUnit } from "./unit.ts";

/** What all interfaces of one simulator share. */
export interface Site {
  readonly units: ReadonlyMap<number, SimulatedUnit>;
  readonly plan: FaultPlan;
}

/** An answer, and how it goes wrong on its way. */
export interface SimulatedResponse {
  readonly pdu: Uint8Array;
  readonly fault: SimulatorFault | undefined;
}

/**
 * Lets a unit answer; `undefined` when there is no such unit. A request whose answer gets lost has still taken effect,
 * as on a real line; one that the fault plan refuses has not.
 */
export function simulateResponse(
  site: Site,
  over: Interface,
  request: { readonly unit: number; readonly pdu: Uint8Array },
  forced?: SimulatorFault,
): SimulatedResponse | undefined {
  const unit = site.units.get(request.unit);
  if (!unit) return undefined;
  const fault = forced ?? site.plan.next({ over, unit: request.unit, reach: reachOf(request.pdu) });
  if (fault?.kind === "exception") return { pdu: exceptionPdu(request.pdu[0] ?? 0, fault.code), fault: undefined };
  return { pdu: respond(unit, request.pdu), fault };
}

/** The addresses that a request is about; none for what is no request. */
function reachOf(pdu: Uint8Array): Asked["reach"] {
  const request = decodeRequest(pdu);
  if (!request.ok) return undefined;
  const { address: from } = request.value;
  switch (request.value.fc) {
    case 1:
    case 2:
    case 3:
    case 4:
      return { from, count: request.value.count };
    case 5:
    case 6:
      return { from, count: 1 };
    case 15:
      return { from, count: request.value.bits.length };
    case 16:
      return { from, count: request.value.values.length };
    default:
      return request.value satisfies never;
  }
}
