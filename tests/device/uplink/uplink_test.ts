import assert from "node:assert/strict";
import { ended, until } from "../../fakes/until.ts";
import { Scene, series } from "./scene.ts";

Deno.test("a backlog is drained several blocks a request, each stored once, each number used once", async () => {
  await using scene = new Scene(300);
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 300);
  assert.equal(scene.gateway.duplicates, 0);
  assert.deepEqual(scene.gateway.batches.slice(0, 5), [1, 2, 4, 8, 16]);
  assert.equal(new Set(scene.gateway.sequences).size, scene.gateway.sequences.length);
  assert.deepEqual(scene.gateway.blocks.get(7)?.samples, [{ at: 7, values: [7, 14] }]);
  assert.equal(scene.uplink.status().sentBlocks, 300);
});

Deno.test("a request has samples in as many minutes as the gateway takes at once", async () => {
  await using scene = new Scene(0);
  for (let block = 0; block < 4; block++) {
    for (let minute = 0; minute < 600; minute++) {
      scene.outbox.append(series, { at: 60_000 * (600 * block + minute), values: [block, minute] });
    }
    scene.outbox.seal();
  }
  await scene.drained();
  assert.deepEqual(scene.gateway.batches, [1, 1, 1, 1]);
});

Deno.test("a new block is sent when the notifier rings", async () => {
  await using scene = new Scene(1);
  await scene.drained();
  scene.add(2);
  scene.notifier.ring();
  await scene.until(() => scene.gateway.blocks.size === 2, "second block");
});

Deno.test("an answer that never comes is given up, and polling could go on meanwhile", async () => {
  await using scene = new Scene(1, { timeoutMs: 5_000 });
  let release = () => {};
  scene.gateway.answer = (_, request) =>
    request === 1 ? new Promise((resolve) => release = () => resolve(undefined)) : undefined;
  scene.start();
  await until(() => scene.gateway.requests === 1, "the request");
  scene.add(2);
  await scene.clock.advance(5_000);
  await scene.until(() => scene.uplink.status().lastError !== undefined, "timeout noticed");
  assert.equal(scene.uplink.status().lastError, "no answer in time");
  release();
  await scene.drained();
  assert.equal(scene.gateway.blocks.size, 2);
});

Deno.test("a stop in the middle of a request waits neither for its answer nor for any time to pass", async () => {
  await using scene = new Scene(1);
  let release = () => {};
  scene.gateway.answer = () => new Promise((resolve) => release = () => resolve(undefined));
  scene.start();
  await until(() => scene.gateway.requests === 1, "the request");
  await ended(scene.stop(), "the stop");
  release();
});
