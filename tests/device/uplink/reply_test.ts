import assert from "node:assert/strict";
import { z } from "zod";
import type { Exchange } from "../../../device/uplink/exchange.ts";
import { replyOf } from "../../../device/uplink/reply.ts";

const Schema = z.object({ status: z.literal("success") });
const body = { detail: "why" };

const cases: readonly (readonly [string, Exchange, unknown])[] = [
  ["no answer", { kind: "unreachable", message: "refused" }, { kind: "later", reason: "refused", waitMs: 0 }],
  ...[404, 405, 501].map((status) =>
    [`a stranger's ${status}`, { kind: "unproven", status, message: "unsigned" }, {
      kind: "later",
      reason: "unsigned",
      waitMs: 0,
    }] as const
  ),
  ["the answer", { kind: "answer", status: 200, body: { status: "success" } }, {
    kind: "ok",
    value: { status: "success" },
  }],
  ["another 200", { kind: "answer", status: 200, body: {} }, {
    kind: "later",
    reason: "200, but not the answer to this request",
    waitMs: 0,
  }],
  ["the gateway's 404", { kind: "answer", status: 404, body }, { kind: "refused", status: 404, reason: "404: why" }],
  ["the gateway's 405", { kind: "answer", status: 405, body }, { kind: "unsupported", reason: "405: why" }],
  ["a wait of a year", { kind: "answer", status: 503, body, retryAfterMs: 31_536_000_000 }, {
    kind: "later",
    reason: "503: why",
    waitMs: 3_600_000,
  }],
];

for (const [what, exchange, reply] of cases) {
  Deno.test(`${what} is ${(reply as { kind: string }).kind}`, () => {
    assert.deepEqual(replyOf(exchange, Schema), reply);
  });
}
