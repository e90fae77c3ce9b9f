import assert from "node:assert/strict";
import { Scene } from "./scene.ts";

Deno.test("one bad block among many is found, set aside after three refusals, and the others pass", async () => {
  await using scene = new Scene(100);
  let alone = 0;
  scene.gateway.answer = ({ blocks }) => {
    if (!blocks.some((block) => block.block_id === 42)) return undefined;
    if (blocks.length === 1) alone++;
    return { status: 422, body: { detail: "block 42 is not what it says" } };
  };
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 99);
  assert.equal(alone, 3);
  scene.outbox.seal();
  const { refused, blocks } = scene.outbox.status();
  assert.deepEqual([refused, blocks, scene.uplink.status().setAside], [1, 1, 1]);
});

Deno.test("a block refused by something on the way is never set aside", async () => {
  await using scene = new Scene(3);
  scene.gateway.answer = (_, request) => request <= 12 ? { status: 413, unsigned: true } : undefined;
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 3);
});
