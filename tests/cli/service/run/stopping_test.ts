import assert from "node:assert/strict";
import { StoppedTogether } from "../../../../cli/service/run/stopping.ts";

Deno.test("parts stop at the same time: none waits for the end of another one", async () => {
  const begun: string[] = [];
  const all = Promise.withResolvers<void>();
  const part = (name: string): AsyncDisposable => ({
    async [Symbol.asyncDispose]() {
      begun.push(name);
      if (begun.length === 3) all.resolve();
      await all.promise; // settles only once every other one has begun
    },
  });
  {
    await using parts = new StoppedTogether();
    for (const name of ["inverter", "gateway", "node"]) parts.use(part(name));
  }
  assert.deepEqual(begun, ["node", "gateway", "inverter"]);
});

Deno.test("all parts have stopped when it is told that one could not", async () => {
  let stopped = false;
  const parts = new StoppedTogether();
  const end = Promise.withResolvers<void>();
  parts.use({ [Symbol.asyncDispose]: () => end.promise.then(() => void (stopped = true)) });
  parts.use({ [Symbol.asyncDispose]: () => Promise.reject(new Error("the disk is gone")) });
  const done = parts[Symbol.asyncDispose]();
  end.resolve();
  await assert.rejects(async () => await done, /the disk is gone/);
  assert.ok(stopped);
});
