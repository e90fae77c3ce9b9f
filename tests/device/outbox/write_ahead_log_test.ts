import assert from "node:assert/strict";
import { WriteAheadLog } from "../../../device/outbox/write_ahead_log.ts";
import { blocks, Folder, range, roof, sample, samples } from "./folder.ts";

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

Deno.test("a disk that takes no byte of the tail costs no sample while the process lives", () => {
  using folder = new Folder();
  Deno.symlinkSync("/dev/full", `${folder.path}/tail`);
  const { outbox } = folder.open();
  for (const one of range(0, 20)) outbox.append(roof, one);
  assert.match(outbox.status().diskFault ?? "", /^Cannot write to .*tail: No space left on device/);
  assert.equal(outbox.seal(), true);
  assert.deepEqual(samples(outbox), range(0, 20));
});

Deno.test("a sealed tail is empty: it grows with what is open, and holds that over a kill", () => {
  using folder = new Folder();
  const { outbox } = folder.open();
  for (const one of range(0, 500)) outbox.append(roof, one);
  outbox.seal();
  outbox.append(roof, sample(500));
  const lines = Deno.readTextFileSync(`${folder.path}/tail`).trim().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line.slice(9))[0]), ["tail", "series", 0]);
  folder.kill();
  assert.equal(folder.open().outbox.status().openSamples, 1);
});

Deno.test("the tail is for its owner alone", () => {
  using folder = new Folder();
  folder.open().outbox.append(roof, sample(0));
  assert.equal((Deno.statSync(`${folder.path}/tail`).mode ?? 0) & 0o777, 0o600);
});

Deno.test("what no block can hold, in a line that is whole, is passed over and keeps nothing from being sealed", () => {
  using folder = new Folder();
  folder.open().outbox.append(roof, sample(0));
  folder.kill();
  {
    using tail = WriteAheadLog.open(`${folder.path}/tail`, 1).tail;
    assert.equal(tail.append([[0, sample(1).at, 2 ** 40, 1], [0, sample(2).at, 1]]), undefined);
  }
  const { outbox } = folder.open();
  outbox.append(roof, sample(3));
  assert.equal(outbox.seal(), true);
  assert.deepEqual(samples(outbox), [sample(0), sample(3)]);
});

/** A tail in a folder of its own, and what is found in it afterwards. */
function tailOf(generation: number, work: (tail: WriteAheadLog, path: string) => void): readonly unknown[] {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/tail`;
  try {
    {
      using tail = WriteAheadLog.open(path, generation).tail;
      work(tail, path);
    }
    const again = WriteAheadLog.open(path, generation);
    again.tail[Symbol.dispose]();
    return again.records;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The system takes so many bytes a write; without more, it is full. */
function withWrites<T>(sizes: Iterator<number>, work: () => T): T {
  const { writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.writeSync = function (bytes) {
    const { value, done } = sizes.next();
    if (done) throw new Error("No space left on device (test)");
    return writeSync.call(this, bytes.subarray(0, value));
  };
  try {
    return work();
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
}

Deno.test("a system that writes a byte at a time gets whole lines", () => {
  const found = tailOf(3, (tail) => {
    const endless = (function* () {
      for (;;) yield 1;
    })();
    assert.equal(withWrites(endless, () => tail.append([[1, "a"], [2, "b"]])), undefined);
  });
  assert.deepEqual(found, [[1, "a"], [2, "b"]]);
});

for (const taken of [0, 1, 20, 40]) {
  Deno.test(`lines of which a full disk took ${taken} bytes are written when there is room, each once`, () => {
    const found = tailOf(3, (tail, path) => {
      const full = withWrites([taken].values(), () => tail.append([[1, "a"], [2, "b"]]));
      assert.match(full?.message ?? "", new RegExp(`^Cannot write to ${path}: No space left`));
      assert.equal(tail.append([[3, "c"]]), undefined);
    });
    assert.deepEqual(found, [[1, "a"], [2, "b"], [3, "c"]]);
  });
}

Deno.test("a disk that stays full costs no more memory than a bound; what comes after the next seal is kept again", () => {
  const found = tailOf(3, (tail) => {
    const record = [1, "x".repeat(100_000)];
    const refusals = withWrites(
      [].values(),
      () => Array.from({ length: 20 }, () => tail.append([record])?.message ?? ""),
    );
    assert.match(refusals[0] ?? "", /No space left/);
    assert.match(refusals.at(-1) ?? "", /it has refused too much/);
    assert.match(tail.append([[2, "b"]])?.message ?? "", /it has refused too much/);
    tail.restart(3);
    assert.equal(tail.append([[3, "c"]]), undefined);
  });
  assert.deepEqual(found, [[3, "c"]]);
});

Deno.test("what stands above the header of a generation is void, also where the file could not be emptied", () => {
  const found = tailOf(4, (tail, path) => {
    const { truncateSync } = Deno.FsFile.prototype;
    tail.append([[1, "sealed"]]);
    Deno.FsFile.prototype.truncateSync = () => {
      throw new Error("a fault of the disk (test)");
    };
    try {
      tail.restart(4);
    } finally {
      Deno.FsFile.prototype.truncateSync = truncateSync;
    }
    tail.append([[2, "open"]]);
    assert.match(Deno.readTextFileSync(path), /sealed/);
  });
  assert.deepEqual(found, [[2, "open"]]);
});
