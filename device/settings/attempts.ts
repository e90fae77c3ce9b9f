import type { Inverter } from "../inverter/inverter.ts";
import type { Poll } from "../inverter/poll.ts";
import type { Exchange } from "../uplink/exchange.ts";
import type { Attempt } from "./trial.ts";

/** Modbus exceptions that speak of the request: illegal function, address, value (application protocol §7). */
const ILLEGAL = new Set([1, 2, 3]);

/** What a poll says of an inverter. One that refuses what it is asked for is there, one that is silent may be asleep. */
export function attemptOf(poll: Poll, inverter: Pick<Inverter, "quarantined">): Attempt {
  if (poll.kind === "read") return { kind: "worked" };
  const { fault } = poll;
  const refused = fault.kind === "registers" || (fault.kind === "exception" && ILLEGAL.has(fault.code)) ||
    (fault.kind === "no_values" && inverter.quarantined().length > 0);
  return { kind: "failed", message: fault.message, refused };
}

/** What an exchange says of the gateway: any answer that is provably its own will do. */
export function attemptToReach(exchange: Exchange): Attempt {
  if (exchange.kind === "answer") return { kind: "worked" };
  return { kind: "failed", message: exchange.message, refused: false };
}
