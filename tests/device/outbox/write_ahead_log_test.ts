import assert from "node:assert/strict";
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
