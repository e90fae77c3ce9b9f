import type { Reply } from "./line.ts";

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

/** What a reply counts as; without one, the line broke. */
export function resultOf(reply: Reply | undefined): BusExchange["result"] {
  switch (reply?.kind) {
    case undefined:
      return "line";
    case "response":
      return reply.response.fc === "exception" ? "exception" : "ok";
    case "sent":
      return "sent";
    case "silence":
      return "timeout";
    case "damaged":
      return "crc";
    case "foreign":
      return "foreign";
    default:
      return reply satisfies never;
  }
}
