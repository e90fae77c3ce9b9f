import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { prove } from "../../../ota/updater/prover.ts";
import { slotFiles } from "../../../ota/slots/files.ts";
import { arm, type Boot, currentSlot, readTrial } from "../../../ota/slots/slots.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { until } from "../../fakes/until.ts";

const IMAGE = "ab".repeat(32);
const ON_TRIAL: Boot = { kind: "trial", slot: "b", image: IMAGE };

/** Slots with `a` confirmed and `b` on trial; what a process with that boot makes of them in so many seconds. */
async function proved(boot: Boot, seconds: number, alive: (at: number) => boolean) {
  const root = Deno.makeTempDirSync();
  const files = await slotFiles(root);
  await files.link("a", "current");
  await arm(files, { slot: "b", image: IMAGE, limit: 3, windowS: 600 });
  const clock = new FakeClock();
  const stop = new AbortController();
  let over = false;
  const proving = prove({
    alive: () => Promise.resolve(alive(clock.monotonic() / 1000)),
    files,
    boot,
    settled: () => Promise.resolve(),
    clock,
    log: getLogger(["test"]),
  }, stop.signal);
  void proving.then(() => over = true);
  await until(() => over || clock.sleeping > 0, "its first sleep");
  await clock.advance(1000 * seconds);
  stop.abort();
  await proving;
  const found = { current: await currentSlot(files), trial: await readTrial(files) !== undefined };
  Deno.removeSync(root, { recursive: true });
  return found;
}

Deno.test("an image that was alive for two minutes is confirmed, one that was not yet is not", async () => {
  assert.deepEqual(await proved(ON_TRIAL, 130, () => true), { current: "b", trial: false });
  assert.deepEqual(await proved(ON_TRIAL, 110, () => true), { current: "a", trial: true });
});

Deno.test("an image that stands still in between begins anew", async () => {
  const hangs = (at: number) => at <= 60 || at >= 70;
  assert.deepEqual(await proved(ON_TRIAL, 180, hangs), { current: "a", trial: true });
  assert.deepEqual(await proved(ON_TRIAL, 200, hangs), { current: "b", trial: false });
});

Deno.test("the old image ends a trial that the boot guard gave up", async () => {
  const boot: Boot = { kind: "committed", slot: "a" };
  assert.deepEqual(await proved(boot, 1, () => true), { current: "a", trial: false });
});
