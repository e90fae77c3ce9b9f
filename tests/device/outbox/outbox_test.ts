import assert from "node:assert/strict";
import { MAX_PAYLOAD_BYTES } from "../../../protocol/messages/sample_blocks.ts";
import { OpenSamples } from "../../../device/outbox/open_series.ts";
import { barn, blocks, Folder, range, roof, sample, samples } from "./folder.ts";

Deno.test("samples of several inverters are sealed into one block each, in one transaction", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (const one of range(0, 5)) outbox.append(roof, one);
  outbox.append(barn, { at: 5, values: [undefined] });
  assert.equal(outbox.status().openSamples, 6);
  assert.deepEqual(blocks(outbox), []);
  assert.equal(outbox.seal(), true);
  const [first, second] = blocks(outbox);
  assert.deepEqual([first?.id, first?.inverter, first?.count, first?.startMs, first?.endMs], [
    1,
    "roof",
    5,
    sample(0).at,
    sample(4).at,
  ]);
  assert.deepEqual([second?.id, second?.registers, second?.count], [2, ["Pac"], 1]);
  assert.deepEqual(samples(outbox), [...range(0, 5), { at: 5, values: [undefined] }]);
  assert.equal(outbox.status().openSamples, 0);
});

Deno.test("acknowledged blocks go with the next seal, their numbers are never used again", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  outbox.append(roof, sample(0));
  outbox.seal();
  outbox.acknowledge([1]);
  assert.deepEqual(blocks(outbox), []);
  assert.deepEqual([outbox.status().blocks, outbox.status().waiting], [1, 0]);
  outbox.seal();
  assert.deepEqual([outbox.status().blocks, outbox.status().bytes], [0, 0]);
  folder.kill();
  const again = folder.open().outbox;
  again.append(roof, sample(1));
  again.seal();
  assert.deepEqual(blocks(again).map(({ id }) => id), [2]);
  folder.kill();
  const restored = folder.open({ firstBlock: 1_782_000_000_000 }).outbox;
  restored.append(roof, sample(2));
  restored.seal();
  assert.deepEqual(blocks(restored).map(({ id }) => id), [2, 1_782_000_000_000]);
});

Deno.test("the gateway is told what waits, since when, and what was dropped", () => {
  using folder = new Folder();
  const { outbox } = folder.open({ limitBytes: 1_000 });
  assert.deepEqual(outbox.health(), { waiting: 0, dropped: 0 });
  for (const n of [0, 1]) {
    outbox.append(roof, sample(n));
    outbox.seal();
  }
  assert.deepEqual(outbox.health(), { waiting: 2, oldest_ms: sample(0).at, dropped: 0 });
  outbox.acknowledge([1]);
  assert.deepEqual(outbox.health(), { waiting: 1, oldest_ms: sample(1).at, dropped: 0 });
  for (const n of range(2, 100)) {
    outbox.append(roof, n);
    outbox.seal();
  }
  const { waiting, oldest_ms, dropped } = outbox.health();
  assert.equal(waiting + dropped, 99, "all but the one that the gateway has");
  assert.equal(oldest_ms, sample(dropped + 1).at);
  outbox.acknowledge(blocks(outbox).map(({ id }) => id));
  assert.deepEqual(outbox.health(), { waiting: 0, dropped });
});

Deno.test("a block set aside lets the others pass and is dropped before them", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (let n = 0; n < 3; n++) {
    outbox.append(roof, sample(n));
    outbox.seal();
  }
  outbox.setAside(2, "count does not match");
  assert.deepEqual(blocks(outbox).map(({ id }) => id), [1, 3]);
  outbox.seal();
  assert.equal(outbox.status().refused, 1);
  assert.deepEqual(blocks(outbox).map(({ id }) => id), [1, 3], "also once that is written down");
  const { bytes } = outbox.status();
  folder.kill();
  const tight = folder.open({ limitBytes: bytes + 20 }).outbox;
  tight.append(roof, sample(3));
  tight.seal();
  assert.deepEqual(blocks(tight).map(({ id }) => id), [1, 3, 4]);
  const { refused, blocks: left, droppedBlocks } = tight.status();
  assert.deepEqual({ refused, left, droppedBlocks }, { refused: 0, left: 3, droppedBlocks: 1 });
});

Deno.test("beyond its limit the outbox drops the oldest samples and counts them, over restarts too", () => {
  using folder = new Folder();
  const { outbox } = folder.open({ limitBytes: 1000 });
  for (let n = 0; n < 100; n++) {
    outbox.append(roof, sample(n));
    if (n % 2 === 1) outbox.seal();
  }
  const { bytes, blocks: kept, droppedBlocks, droppedSamples } = outbox.status();
  assert.ok(bytes <= 1000 && kept > 5);
  assert.deepEqual([kept + droppedBlocks, droppedSamples], [50, 2 * droppedBlocks]);
  assert.deepEqual(samples(outbox), range(100 - 2 * kept, 100));
  folder.kill();
  const again = folder.open({ limitBytes: 1000 }).outbox;
  assert.deepEqual(again.status(), outbox.status());
});

Deno.test("a block that was dropped while it was on its way is not counted as done", () => {
  using folder = new Folder();
  const { outbox } = folder.open({ limitBytes: 150 });
  outbox.append(roof, sample(0));
  outbox.seal();
  for (const one of range(1, 80)) outbox.append(roof, { ...one, values: [one.values[0], (one.values[1] ?? 0) ** 2] });
  outbox.seal();
  outbox.acknowledge([1]);
  assert.equal(outbox.status().blocks, 1);
  assert.equal(outbox.status().waiting, 1);
});

Deno.test("a full database keeps samples open, is counted, and recovers by itself", () => {
  using folder = new Folder();
  const { db, outbox } = folder.open();
  const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
  db.exec(`PRAGMA max_page_count = ${pages}`);
  let n = 0;
  while (outbox.status().diskFault === undefined) {
    outbox.append(roof, sample(n++));
    outbox.seal();
  }
  assert.match(outbox.status().diskFault ?? "", /full/);
  const sealed = outbox.status().blocks;
  for (let more = 0; more < 10; more++) outbox.append(roof, sample(n++));
  assert.equal(outbox.seal(), false);
  assert.deepEqual([outbox.status().blocks, outbox.status().openSamples], [sealed, n - sealed]);
  db.exec("PRAGMA max_page_count = 100000");
  assert.equal(outbox.seal(), true);
  assert.equal(outbox.status().diskFault, undefined);
  assert.deepEqual(samples(outbox), range(0, n));
});

Deno.test("a series with many samples is sealed at once, into blocks that fit a request", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  const wide = { ...roof, registers: Array.from({ length: 64 }, (_, i) => `r${i}`) };
  for (let n = 0; n < 1000; n++) outbox.append(wide, { at: n, values: wide.registers.map((_, i) => n * i) });
  assert.equal(outbox.status().openSamples, 0);
  assert.ok(blocks(outbox).every((block) => block.count * 64 <= 50_000));
  assert.equal(samples(outbox).length, 1000);
});

Deno.test("values that do not compress are sealed into blocks that the gateway takes", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  const registers = Array.from({ length: 50 }, (_, i) => `r${i}`);
  const noise = (n: number, column: number) => Math.imul(n * 64 + column + 1, 0x9e3779b1) >>> 0;
  for (let n = 0; n < 999; n++) {
    outbox.append({ ...roof, registers }, { at: sample(n).at, values: registers.map((_, column) => noise(n, column)) });
  }
  outbox.seal();
  const sealed = blocks(outbox);
  assert.ok(sealed.length > 1 && sealed.every(({ payload }) => payload.length <= MAX_PAYLOAD_BYTES));
  assert.deepEqual(sealed.map(({ id }) => id), sealed.map((_, index) => index + 1));
  assert.equal(samples(outbox).length, 999);
});

Deno.test("a sample that no block can hold is dropped and counted, and harms no other", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  outbox.append(roof, sample(0));
  outbox.append(roof, { at: 0.5, values: [1, 2] });
  outbox.append(roof, { at: 1, values: [1] });
  outbox.append(roof, { at: 1, values: [1, 2 ** 32] });
  assert.equal(outbox.seal(), true);
  assert.deepEqual([samples(outbox), outbox.status().droppedSamples], [[sample(0)], 3]);
});

Deno.test("a look into the outbox is bounded by blocks and room, but never empty", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (let n = 0; n < 5; n++) {
    outbox.append(roof, sample(n));
    outbox.seal();
  }
  const look = (maxBlocks: number, share: number) => outbox.peek({ maxBlocks, share: () => share }).length;
  assert.deepEqual([look(2, 0.1), look(9, 0.3), look(9, 2), look(9, 0.1)], [2, 3, 1, 5]);
});

Deno.test("an outbox that is full to the last byte drops nothing", () => {
  const sealed = (limitBytes?: number) => {
    using folder = new Folder();
    const { outbox } = folder.open(limitBytes === undefined ? {} : { limitBytes });
    for (const one of range(0, 20)) outbox.append(roof, one);
    outbox.seal();
    return outbox.status();
  };
  const { bytes } = sealed();
  assert.deepEqual([sealed(bytes).droppedBlocks, sealed(bytes - 1).droppedBlocks], [0, 1]);
});

Deno.test("what is written alongside counts after the commit, and only then", () => {
  using folder = new Folder();
  const steps: string[] = [];
  const alongside = () => {
    steps.push("written");
    return () => void steps.push("counts");
  };
  const { db, outbox } = folder.open({ alongside });
  outbox.append(roof, sample(0));
  outbox.seal();
  assert.deepEqual(steps, ["written", "counts"]);
  db.exec("CREATE TRIGGER refuse BEFORE UPDATE ON state BEGIN SELECT RAISE(ABORT, 'test'); END");
  outbox.append(roof, sample(1));
  assert.equal(outbox.seal(), false);
  db.exec("DROP TRIGGER refuse");
  assert.equal(steps.filter((step) => step === "counts").length, 1);
});

Deno.test("a node that ends seals first: its tail may be in memory", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  outbox.append(roof, sample(0));
  folder.end();
  Deno.removeSync(`${folder.path}/tail`);
  assert.deepEqual(samples(folder.open().outbox), [sample(0)]);
});

Deno.test("while a disk takes nothing, samples are kept up to a bound, the newest, and the others counted", () => {
  using folder = new Folder();
  const { db, outbox } = folder.open();
  db.exec("CREATE TRIGGER refuse BEFORE UPDATE ON state BEGIN SELECT RAISE(ABORT, 'test'); END");
  for (const one of range(0, 10_050)) outbox.append(roof, one);
  assert.deepEqual([outbox.status().openSamples, outbox.status().droppedSamples], [10_000, 50]);
  db.exec("DROP TRIGGER refuse");
  assert.equal(outbox.seal(), true);
  assert.deepEqual(samples(outbox).at(0), sample(50));
  assert.equal(outbox.status().droppedSamples, 50);
});

Deno.test("what cannot be sealed at the end is in the tail file, and the lines of open samples are taken in as they were", () => {
  using folder = new Folder();
  const { outbox, db } = folder.open();
  for (const one of range(0, 5)) outbox.append(roof, one);
  db.exec("PRAGMA query_only = 1");
  folder.end();
  const again = folder.open().outbox;
  assert.equal(again.status().openSamples, 5);
  again.seal();
  assert.deepEqual(samples(again), range(0, 5));

  const open = new OpenSamples();
  for (const one of range(0, 3)) open.add(roof, one);
  open.add(barn, { at: 7, values: [undefined] });
  const restored = new OpenSamples();
  restored.restore(open.records(), { ours: true });
  assert.deepEqual(
    restored.filled().map(({ restored: _, ...series }) => series),
    open.filled().map(
      ({ restored: _, ...series }) => series,
    ),
  );
  assert.deepEqual(open.add(barn, { at: 8, values: [1] }).records, [[1, 8, 1]], "its series is in the file already");
});
