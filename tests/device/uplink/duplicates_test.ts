import assert from "node:assert/strict";
import { Outbox } from "../../../device/outbox/outbox.ts";
import { Scene, series } from "./scene.ts";

Deno.test("a request that the line doubles stores its blocks once, whichever of its answers comes first", async () => {
  await using scene = new Scene(3);
  scene.gateway.answer = (upload, request) => {
    if (request !== 1) return undefined;
    scene.gateway.store(upload); // the other copy, whose number is used by now
    return { status: 401, body: { next_sequence: 1_000 } };
  };
  await scene.drained();
  assert.deepEqual([...scene.gateway.blocks.keys()], [1, 2, 3]);
});

Deno.test("a block that may have arrived is a duplicate when the gateway says so, and so is one of an earlier run", async () => {
  await using scene = new Scene(1);
  scene.gateway.answer = (upload, request) => {
    if (request === 1) scene.gateway.store(upload); // and the answer is lost
    return request === 1 ? { status: 502, unsigned: true } : undefined;
  };
  await scene.drained();
  assert.deepEqual([scene.gateway.blocks.size, scene.gateway.duplicates], [1, 1]);
  await scene.stop();
  scene.outbox.append(series, { at: 9, values: [9, 9] });
  scene.outbox.seal();
  scene.gateway.blocks.set(2, { inverter: "roof", samples: [] });
  assert.deepEqual(scene.outbox.ofThisRun(), [2]);
  using again = new Outbox({
    db: scene.db,
    tailPath: `${scene.folder}/again`,
    limitBytes: 2 ** 24,
    firstBlock: 1,
    clock: scene.clock,
    log: scene.log,
  });
  assert.deepEqual(again.ofThisRun(), []);
});
