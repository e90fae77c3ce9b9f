import assert from "node:assert/strict";
import { z } from "zod";
import { InverterHealth, NodeHealth } from "../../../protocol/messages/node_health.ts";
import { ChangesRequest } from "../../../protocol/settings/changes.ts";

const INVERTER: InverterHealth = { inverter: "roof", state: "ok", since_ms: 1_782_043_200_000, reason: "it answers" };
const BEFORE: NodeHealth = { upload_interval_s: 30, inverters: [INVERTER] };
const OUTBOX = { waiting: 3, oldest_ms: 1_782_043_200_000, dropped: 7 };

/** The schema of gateways that knew of no outbox. */
const OlderHealth = z.object({ upload_interval_s: z.number(), inverters: z.array(InverterHealth) });

Deno.test("an older node is read without an outbox, and an older gateway reads past the outbox of a newer node", () => {
  assert.deepEqual(NodeHealth.parse(BEFORE), BEFORE);
  assert.deepEqual(OlderHealth.parse({ ...BEFORE, outbox: OUTBOX }), BEFORE);
});

Deno.test("an outbox is read as it was told, with what later nodes may add left out", () => {
  for (const outbox of [OUTBOX, { waiting: 0, dropped: 0 }]) {
    const told = { ...BEFORE, outbox };
    assert.deepEqual(NodeHealth.parse(JSON.parse(JSON.stringify(told))), told);
    assert.deepEqual(NodeHealth.parse({ ...BEFORE, outbox: { ...outbox, later: "test" } }), told);
  }
});

const WRONG: readonly unknown[] = [
  { ...OUTBOX, waiting: -1 },
  { ...OUTBOX, waiting: 1.5 },
  { ...OUTBOX, dropped: "7" },
  { ...OUTBOX, oldest_ms: 2 ** 44 },
  { oldest_ms: 1 },
  null,
  3,
];

Deno.test("an outbox that makes no sense is refused, and does not keep a node from its settings", () => {
  for (const outbox of WRONG) {
    const health = { ...BEFORE, outbox };
    assert.ok(!NodeHealth.safeParse(health).success, JSON.stringify(outbox));
    assert.deepEqual(ChangesRequest.parse({ device_id: "roof", health }), { device_id: "roof", health: undefined });
  }
});
