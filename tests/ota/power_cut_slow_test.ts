import assert from "node:assert/strict";
import { commit, settle } from "../../ota/slots/slots.ts";
import { loadState } from "../../ota/slots/state.ts";
import type { SlotName } from "../../ota/slots/trial.ts";
import { bring, consider, tryNext } from "../../ota/updater/install.ts";
import { toHex } from "../../crypto/bytes.ts";
import { bootGuard } from "../fakes/boot_guard.ts";
import { FirmwareGateway } from "../fakes/firmware.ts";
import { LOSSES, PowerCut, PowerFiles } from "../fakes/power.ts";
import { installIo, NEW_IMAGE, newRelease, OLD_IMAGE } from "./machine.ts";

const never = new AbortController().signal;

/** The disk of a machine that runs the old image from slot a. */
export function freshDisk(): PowerFiles {
  const disk = new PowerFiles();
  disk.seed("a/ecowatt", OLD_IMAGE);
  disk.seedLink("current", "a");
  return disk;
}

/** Starts the machine again and again until it has nothing left to do. `good`: whether the new image works. */
async function live(disk: PowerFiles, good: boolean): Promise<FirmwareGateway> {
  const gateway = new FirmwareGateway(newRelease);
  for (let boot = 0; boot < 10; boot++) {
    let settled = false;
    const slot = await bootGuard(disk, async (slot, image) => {
      await requireImage(disk, slot);
      if (!good) return "exit 1";
      const standing = await settle(disk, { kind: "trial", slot, image });
      assert.equal(standing.kind, "on_trial");
      if (standing.kind === "on_trial") await commit(disk, standing.trial);
      settled = true;
      return "exit 0";
    });
    if (settled) continue;
    assert.ok(slot, "there is nothing to boot");
    const image = await requireImage(disk, slot);
    await settle(disk, { kind: "committed", slot });
    if (image === "new") return gateway;
    const wanted = await consider(newRelease.signed, installIo(disk, gateway));
    if (!wanted.ok) return gateway; // it was given up
    const brought = await bring(wanted.value, installIo(disk, gateway), never);
    assert.ok(brought.ok, JSON.stringify(brought));
    await tryNext(brought.value, installIo(disk, gateway), true);
  }
  throw new Error("the machine never comes to rest");
}

/** Whatever is started is one of the two images, whole. */
async function requireImage(disk: PowerFiles, slot: SlotName): Promise<"old" | "new"> {
  const content = toHex(await disk.read(`${slot}/ecowatt`) ?? new Uint8Array());
  if (content === toHex(OLD_IMAGE)) return "old";
  assert.equal(content, toHex(NEW_IMAGE), "a broken image is started");
  return "new";
}

/** Lives with a power cut after an operation; the disk as it was then, or `undefined` when it came to rest before. */
async function liveUntil(disk: PowerFiles, cutAfter: number, good: boolean): Promise<PowerFiles | undefined> {
  disk.operations = 0;
  disk.cutAfter = cutAfter;
  try {
    await live(disk, good);
    return undefined;
  } catch (error) {
    if (error instanceof PowerCut) return disk;
    throw error;
  }
}

/** How it has to end: the new image with its floor, or the old one that remembers. */
async function requireEnd(disk: PowerFiles, good: boolean, where: string): Promise<void> {
  disk.cutAfter = Infinity;
  await live(disk, good);
  const state = await loadState(disk);
  const slot = await disk.linkTarget("current");
  assert.deepEqual(
    { slot, floor: state.floor, bad: state.bad.map(({ sequence }) => sequence), trial: await disk.read("trial") },
    good ? { slot: "b", floor: 2, bad: [], trial: undefined } : { slot: "a", floor: 0, bad: [2], trial: undefined },
    where,
  );
  assert.deepEqual(
    state.reports.map((report) => report.kind),
    ["verify", "complete"].slice(-state.reports.length),
    where,
  );
}

for (const good of [true, false]) {
  const name = good ? "a good image" : "an image that crashes";
  Deno.test(`${name}: the power goes at every operation, and again at every one after that`, async (t) => {
    const whole = freshDisk();
    await live(whole, good);
    const operations = whole.operations;
    let pairs = 0;
    const began = performance.now();
    for (let first = 1; first <= operations; first++) {
      const cut = await liveUntil(freshDisk(), first, good);
      assert.ok(cut);
      for (const [l, loss] of LOSSES.entries()) {
        await requireEnd(cut.afterCut(loss), good, `cut after ${first}, ${JSON.stringify(loss)}`);
        if ((first + l) % 2 !== 0) continue; // half of the losses at each first cut, all of them at two neighbours
        for (let second = 1;; second++) {
          const again = await liveUntil(cut.afterCut(loss), second, good);
          if (again === undefined) break;
          const other = LOSSES[(first + second + l) % LOSSES.length] ?? loss;
          await requireEnd(
            again.afterCut(other),
            good,
            `cuts after ${first} and ${second}, ${JSON.stringify([loss, other])}`,
          );
          pairs++;
        }
      }
    }
    const seconds = Math.round((performance.now() - began) / 1000);
    const figures =
      `N = ${operations} operations, N² = ${operations ** 2}: ${operations * LOSSES.length} single cuts, ` +
      `${pairs} pairs, ${seconds} s`;
    await t.step(figures, () => assert.ok(pairs > operations ** 2));
  });
}
