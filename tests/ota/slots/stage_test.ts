import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { stage, stagingOf } from "../../../ota/slots/stage.ts";
import { arm, currentSlot, readTrial } from "../../../ota/slots/slots.ts";
import { loadState, storeState } from "../../../ota/slots/state.ts";
import { PowerCut, PowerFiles } from "../../fakes/power.ts";

const RUNS = "aa".repeat(32);
const BROUGHT = "bb".repeat(32);
const EARLIER = "cc".repeat(32);
const program = utf8("the program that somebody brought");
const brought = {
  sha256: BROUGHT,
  version: "2.0.0",
  async *pieces() {
    yield* await Promise.resolve([program.subarray(0, 5), program.subarray(5)]);
  },
};

/** Slot a runs; an earlier update failed once in slot b, and a later one was on its way there. */
async function box(): Promise<PowerFiles> {
  const disk = new PowerFiles();
  disk.seed("a/ecowatt", utf8("the program that runs"));
  disk.seed("b/ecowatt", utf8("an earlier program"));
  disk.seed("b/ecowatt.sha256", utf8(`${EARLIER}  ecowatt\n`));
  disk.seed("b/ecowatt.part", utf8("half of a later one"));
  disk.seedLink("current", "a");
  await storeState(disk, { floor: 7, bad: [], reports: [] });
  await arm(disk, { slot: "b", image: EARLIER, limit: 3, windowS: 600 });
  disk.seed("attempts", utf8(`${EARLIER} 2 2 exit 1\n`));
  return disk;
}

const staged = (disk: PowerFiles) => stage(disk, brought, { as: "on_trial", limit: 3, windowS: 600 });

Deno.test("what was brought is on trial in the slot that does not run, with no failures and below the floor of updates", async () => {
  const disk = await box();
  await staged(disk);
  assert.deepEqual(await disk.read("b/ecowatt"), program);
  assert.deepEqual(await disk.read("a/ecowatt"), utf8("the program that runs"));
  assert.deepEqual(await disk.read("b/ecowatt.sha256"), utf8(`${BROUGHT}  ecowatt\n`));
  assert.equal(await currentSlot(disk), "a");
  assert.deepEqual(await readTrial(disk), { slot: "b", image: BROUGHT, limit: 3, windowS: 600 });
  assert.equal(await disk.size("attempts"), undefined);
  assert.equal(await disk.size("b/ecowatt.part"), undefined, "a download would go on into this slot");
  const { floor, pending } = await loadState(disk);
  assert.deepEqual([floor, pending?.sequence], [7, 7]);
});

Deno.test("whatever a power cut takes, a slot on trial holds a whole program: its own", async () => {
  for (let after = 1;; after++) {
    const disk = await box();
    disk.operations = 0;
    disk.cutAfter = after;
    try {
      await staged(disk);
      break;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    for (const names of ["none", "half", "all"] as const) {
      for (const data of ["lost", "torn", "kept"] as const) {
        const left = disk.afterCut({ names, data });
        const trial = await readTrial(left);
        if (trial?.image === BROUGHT) {
          assert.deepEqual(await left.read("b/ecowatt"), program, `${after} ${names} ${data}`);
          assert.deepEqual(await left.read("b/ecowatt.sha256"), utf8(`${BROUGHT}  ecowatt\n`));
        }
        if (trial?.image === EARLIER) {
          assert.deepEqual(await left.read("b/ecowatt"), utf8("an earlier program"), `${after} ${names} ${data}`);
        }
      }
    }
  }
});

Deno.test("once it is staged it is on the disk", async () => {
  const disk = await box();
  await staged(disk);
  const left = disk.afterCut({ names: "none", data: "lost" });
  assert.deepEqual(await left.read("b/ecowatt"), program);
  assert.equal((await readTrial(left))?.image, BROUGHT);
});

Deno.test("what runs, or is on trial already, is not staged again", async () => {
  const disk = await box();
  const hashOf = () => Promise.resolve(RUNS);
  assert.equal(await stagingOf(disk, { sha256: RUNS }, hashOf), "same");
  assert.equal(await stagingOf(disk, { sha256: EARLIER }, hashOf), "same");
  assert.equal(await stagingOf(disk, { sha256: BROUGHT }, hashOf), "on_trial");
});
