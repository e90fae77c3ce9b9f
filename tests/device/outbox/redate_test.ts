import assert from "node:assert/strict";
import { blocks, Folder, range, roof, sample, samples } from "./folder.ts";

const MOVED = 1_782_000_000_000;

Deno.test("what this run took in is dated anew, sealed or not, and what was there before is not", () => {
  using folder = new Folder();
  const before = folder.open().outbox;
  before.append(roof, sample(0));
  before.seal();
  before.append(roof, sample(1)); // in the tail when the power went
  folder.kill();
  const { outbox } = folder.open();
  outbox.append(roof, sample(2));
  outbox.seal();
  outbox.append(roof, sample(3));
  outbox.redate(MOVED);
  const moved = (n: number) => ({ ...sample(n), at: sample(n).at + MOVED });
  assert.deepEqual(samples(outbox), [sample(0), sample(1), moved(2), moved(3)]);
  const last = blocks(outbox).at(-2);
  assert.deepEqual([last?.startMs, last?.endMs], [sample(1).at, moved(2).at]);
  outbox.append(roof, sample(4));
  folder.kill();
  const again = folder.open().outbox;
  again.seal();
  assert.deepEqual(samples(again), [sample(0), sample(1), moved(2), moved(3), sample(4)], "none is lost or doubled");
});

Deno.test("what the gateway has is left as it is, and no time lies before 1970", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (const one of range(0, 3)) {
    outbox.append(roof, one);
    outbox.seal();
  }
  outbox.acknowledge([1]);
  outbox.redate(-2 * MOVED);
  assert.deepEqual(samples(outbox).map(({ at }) => at), [0, 0]);
  assert.equal(outbox.status().bytes > 0, true);
});
