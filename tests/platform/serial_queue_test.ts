import assert from "node:assert/strict";
import { SerialQueue } from "../../platform/serial_queue.ts";

Deno.test("work is done one piece after the other, in its order, and each gets its own result", async () => {
  const queue = new SerialQueue();
  const steps: string[] = [];
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const done = gates.map(({ promise }, index) =>
    queue.run(async () => {
      steps.push(`begins ${index}`);
      await promise;
      steps.push(`ends ${index}`);
      return index;
    })
  );
  assert.equal(queue.length, 3);
  for (const { resolve } of gates.toReversed()) resolve();
  assert.deepEqual(await Promise.all(done), [0, 1, 2]);
  assert.deepEqual(steps, ["begins 0", "ends 0", "begins 1", "ends 1", "begins 2", "ends 2"]);
  assert.equal(queue.length, 0);
});

Deno.test("work that fails is told to whoever asked for it, and the next is done", async () => {
  const queue = new SerialQueue();
  const broken = queue.run(() => Promise.reject(new Error("the disk is full")));
  const next = queue.run(() => Promise.resolve("done"));
  await assert.rejects(broken, /the disk is full/);
  assert.equal(await next, "done");
  assert.equal(queue.length, 0);
});
