import assert from "node:assert/strict";
import type { Answer } from "../../fakes/signing_gateway.ts";
import { Scene } from "./scene.ts";

Deno.test("what cannot be proven to be the gateway's is not acted on", async (t) => {
  const success = (ids: readonly number[]) => ({
    status: "success",
    device_id: "test-node",
    accepted_blocks: ids,
    duplicate_blocks: [],
  });
  const bad: Record<string, Answer> = {
    "an unsigned 200": { status: 200, body: success([1]), unsigned: true },
    "a changed 200": { status: 200, body: success([1]), forged: true },
    "a 200 for another device": { status: 200, body: { ...success([1]), device_id: "other" } },
    "a 200 that names other blocks": { status: 200, body: success([99]) },
    "a 200 that says nothing": { status: 200, body: {} },
    "an unsigned refusal": { status: 422, unsigned: true },
    "an unsigned replay": { status: 401, body: { next_sequence: 2 ** 50 }, unsigned: true },
    "a redirect": { status: 307, headers: { location: "http://127.0.0.1:1/" }, unsigned: true },
  };
  for (const [name, answer] of Object.entries(bad)) {
    await t.step(name, async () => {
      await using scene = new Scene(1);
      scene.gateway.answer = (_, request) => request <= 6 ? answer : undefined; // a 401 costs two requests
      await scene.until(() => scene.gateway.requests >= 5, "five attempts");
      assert.equal(scene.outbox.peek({ maxBlocks: 9, share: () => 0 }).length, 1);
      await scene.drained();
      assert.equal(scene.gateway.blocks.size, 1);
      assert.equal(scene.uplink.status().setAside, 0);
      assert.ok(scene.gateway.sequences.every((sequence) => sequence < 2 ** 33), "it did not go to what was named");
    });
  }
});
