import type { ExchangeOutcome } from "./line.ts";

/** One request that went out on a bus, and what came of it. */
export interface BusExchange {
  readonly unit: number;
  /** Function code. */
  readonly fc: number;
  /** `line`: the line broke; `sent`: nobody answers a broadcast. */
  readonly result: "ok" | "exception" | "timeout" | "crc" | "foreign" | "sent" | "line";
  /** Milliseconds that the line was taken. */
  readonly ms: number;
}

/** What an outcome counts as; without one, the line broke. */
export function resultOf(outcome: ExchangeOutcome | undefined): BusExchange["result"] {
  switch (outcome?.kind) {
    case undefined:
      return "line";
    case "response":
      return outcome.response.fc === "exception" ? "exception" : "ok";
    case "sent":
      return "sent";
    case "silence":
      return "timeout";
    case "damaged":
      return "crc";
    case "foreign":
      return "foreign";
    default:
      return outcome satisfies never;
  }
}
