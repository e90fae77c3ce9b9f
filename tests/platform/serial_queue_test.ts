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

Deno.test("who is urgent comes before who is not, each in order of arrival; who gives up is passed over", async () => {
  const queue = new SerialQueue();
  assert.ok(queue.tryEnter());
  assert.ok(!queue.tryEnter());
  const entered: string[] = [];
  const gaveUp: string[] = [];
  const leaving = new AbortController();
  const wait = async (name: string, options = {}) => {
    if (await queue.enter(options)) entered.push(name);
    else gaveUp.push(name);
  };
  const all = [
    wait("poll 1"),
    wait("poll 2", { signal: leaving.signal }),
    wait("write 1", { urgent: true }),
    wait("write 2", { urgent: true, signal: new AbortController().signal }),
    wait("poll 3", { signal: AbortSignal.abort() }),
  ];
  assert.equal(queue.length, 5);
  leaving.abort();
  assert.equal(queue.length, 4);
  for (let turn = 0; turn < 4; turn++) queue.leave();
  await Promise.all(all);
  assert.deepEqual(gaveUp.toSorted(), ["poll 2", "poll 3"]);
  assert.deepEqual(entered, ["write 1", "write 2", "poll 1"]);
  assert.equal(queue.length, 0);
});
