import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { FakeClock } from "../../fakes/clock.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import type { StoredBlock } from "../../../device/outbox/block_table.ts";
import { Outbox, type OutboxIo } from "../../../device/outbox/outbox.ts";
import { decodeBlock } from "../../../protocol/block/block.ts";
import type { Sample } from "../../../protocol/sample.ts";

const roof = { inverter: "roof", profile: "ecowatt", registers: ["Vac1", "Pac"] };
const barn = { inverter: "barn", profile: "ecowatt", registers: ["Pac"] };

/** A node's folder for the length of a test; `open` opens what a started node would. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "ecowatt-outbox-" });
  readonly #opened: Disposable[] = [];

  open(options: Partial<OutboxIo> = {}) {
    const db = openNodeDatabase(`${this.path}/node.sqlite`);
    this.#opened.push(db);
    const outbox = new Outbox({
      db,
      tailPath: `${this.path}/tail`,
      limitBytes: 2 ** 20,
      firstBlock: 1,
      clock: new FakeClock(),
      log: getLogger(["test"]),
      ...options,
    });
    return { db, outbox };
  }

  /** What a killed process leaves: its locks are gone, nothing else happened. */
  kill(): void {
    for (const opened of this.#opened.splice(0)) opened[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.kill();
    Deno.removeSync(this.path, { recursive: true });
  }
}

function sample(n: number): Sample {
  return { at: 1_782_000_000_000 + 2000 * n, values: [2300 + n % 3, n] };
}

function blocks(outbox: Outbox): readonly StoredBlock[] {
  return outbox.peek({ maxBlocks: 1000, share: () => 0 });
}

function samples(outbox: Outbox): readonly Sample[] {
  return blocks(outbox).flatMap((block) => {
    const decoded = decodeBlock(block.payload, { columns: block.registers.length, count: block.count });
    assert.ok(decoded.ok);
    return decoded.value;
  });
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => sample(from + i));

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

Deno.test("open samples survive a kill and are in one block only", () => {
  using folder = new Folder();
  const first = folder.open().outbox;
  for (const one of range(0, 3)) first.append(roof, one);
  folder.kill();
  const second = folder.open().outbox;
  assert.equal(second.status().openSamples, 3);
  for (const one of range(3, 5)) second.append(roof, one);
  folder.kill();
  const third = folder.open().outbox;
  third.append(roof, sample(5));
  third.seal();
  assert.deepEqual(samples(third), range(0, 6));
});

Deno.test("a kill between the commit and the end of the tail leaves no sample twice", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (const one of range(0, 3)) outbox.append(roof, one);
  const tail = Deno.readFileSync(`${folder.path}/tail`);
  outbox.seal();
  folder.kill();
  Deno.writeFileSync(`${folder.path}/tail`, tail);
  const again = folder.open().outbox;
  assert.equal(again.status().openSamples, 0);
  again.append(roof, sample(3));
  again.seal();
  assert.deepEqual(samples(again), range(0, 4));
});

Deno.test("a tail cut anywhere by a power cut yields its whole lines, and goes on", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (const one of range(0, 3)) outbox.append(roof, one);
  folder.kill();
  const tail = Deno.readFileSync(`${folder.path}/tail`);
  for (let length = 0; length < tail.length; length++) {
    Deno.writeFileSync(`${folder.path}/tail`, tail.subarray(0, length));
    const { outbox } = folder.open();
    const open = outbox.status().openSamples;
    assert.ok(open <= 3);
    outbox.append(roof, sample(9));
    folder.kill();
    const after = folder.open();
    assert.equal(after.outbox.status().openSamples, open + 1, `cut at ${length}`);
    folder.kill();
  }
});

Deno.test("a damaged line is passed over, the others are kept", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (const one of range(0, 3)) outbox.append(roof, one);
  folder.kill();
  const tail = Deno.readTextFileSync(`${folder.path}/tail`);
  Deno.writeTextFileSync(`${folder.path}/tail`, tail.replace(`[0,${sample(1).at}`, `[0,${sample(1).at + 1}`));
  const again = folder.open().outbox;
  again.seal();
  assert.deepEqual(samples(again), [sample(0), sample(2)]);
});

Deno.test("after damage to the lines of one inverter the samples of another stay its own, over a second kill too", () => {
  using folder = new Folder();
  const shed = { ...roof, inverter: "shed" };
  const { outbox } = folder.open();
  outbox.append(roof, sample(0));
  outbox.append(shed, sample(1));
  folder.kill();
  const tail = Deno.readTextFileSync(`${folder.path}/tail`);
  Deno.writeTextFileSync(`${folder.path}/tail`, tail.replace(`[0,${sample(0).at}`, `[0,${sample(0).at + 1}`));
  folder.open().outbox.append(shed, sample(2));
  folder.kill();
  const again = folder.open().outbox;
  again.seal();
  assert.deepEqual(blocks(again).map(({ inverter, count }) => [inverter, count]), [["shed", 2]]);
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

Deno.test("a disk that takes no byte of the tail costs no sample while the process lives", () => {
  using folder = new Folder();
  Deno.symlinkSync("/dev/full", `${folder.path}/tail`);
  const { outbox } = folder.open();
  for (const one of range(0, 20)) outbox.append(roof, one);
  assert.match(outbox.status().diskFault ?? "", /^Cannot write to .*tail: No space left on device/);
  assert.equal(outbox.seal(), true);
  assert.deepEqual(samples(outbox), range(0, 20));
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

Deno.test("a second node cannot open the same database", () => {
  using folder = new Folder();
  folder.open().db.exec("PRAGMA busy_timeout = 0");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import {DatabaseSync} from "node:sqlite";
      new DatabaseSync(${JSON.stringify(`${folder.path}/node.sqlite`)}).exec("SELECT count(*) FROM block")`,
    ],
    stderr: "piped",
  }).outputSync();
  assert.equal(child.success, false);
  assert.match(new TextDecoder().decode(child.stderr), /locked/);
});
