import assert from "node:assert/strict";
import { toHex, utf8 } from "../../../crypto/bytes.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { slotFiles } from "../../../ota/slots/files.ts";
import { stage, stagingOf } from "../../../ota/slots/stage.ts";
import { commit, readTrial } from "../../../ota/slots/slots.ts";
import { loadState, storeState } from "../../../ota/slots/state.ts";
import { Guarded } from "../../packaging/guarded.ts";

/** A shell script as an image. */
function brought(words: string) {
  const bytes = utf8(`#!/bin/sh\n${words}\n`);
  return {
    sha256: toHex(sha256(bytes)),
    version: "2.0.0",
    *bytes() {
      yield bytes.subarray(0, 7);
      yield bytes.subarray(7);
    },
    async *pieces() {
      yield* await Promise.resolve(this.bytes());
    },
  };
}

/** Slots in which nothing was staged yet, and how to stage something in them. */
async function box() {
  const guarded = new Guarded();
  const files = await slotFiles(guarded.slots);
  const hashOf = async (path: string) => {
    const bytes = await files.read(path);
    return bytes && toHex(sha256(bytes));
  };
  const bring = async (words: string) => {
    const image = brought(words);
    const as = await stagingOf(files, image, hashOf);
    if (as !== "same") await stage(files, image, { as, limit: 1, windowS: 60 });
    return as;
  };
  return { guarded, files, bring };
}

Deno.test("the first image runs at once, the next one has to prove itself under the boot guard", async () => {
  const { guarded, files, bring } = await box();
  await using _guarded = guarded;
  assert.equal(await bring("echo one $ECOWATT_TRIAL"), "first");
  const first = guarded.boot();
  assert.deepEqual([await first.exit, first.out()], [0, "one\n"]);
  assert.equal(await bring("echo one $ECOWATT_TRIAL"), "same");
  assert.equal(await bring("echo two; exit 1"), "on_trial");
  assert.equal(await bring("echo two; exit 1"), "same");
  const second = guarded.boot();
  assert.deepEqual([await second.exit, second.out()], [0, "two\none\n"]);
  assert.equal(await bring("echo three"), "on_trial", "a later one takes the place of one that failed");
  const trial = await readTrial(files);
  assert.ok(trial);
  await commit(files, trial);
  const third = guarded.boot();
  assert.deepEqual([await third.exit, third.out()], [0, "three\n"]);
});

Deno.test("an update that was on its way gives way, and the floor stays", async () => {
  const { guarded, files, bring } = await box();
  await using _guarded = guarded;
  await bring("echo one");
  const pending = { image: "cd".repeat(32), version: "3.0.0", sequence: 9, inverters_answered: true };
  await storeState(files, { ...await loadState(files), floor: 7, pending });
  await bring("echo two");
  const staged = await loadState(files);
  assert.deepEqual([staged.floor, staged.pending?.sequence, staged.pending?.version], [7, 7, "2.0.0"]);
  const trial = await readTrial(files);
  assert.ok(trial);
  await commit(files, trial);
  const { floor, pending: left, reports } = await loadState(files);
  assert.deepEqual([floor, left], [7, undefined]);
  assert.deepEqual(reports, [{ kind: "complete", version: "2.0.0", boot_status: "success" }]);
});
