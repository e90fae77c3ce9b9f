import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { Health } from "../../../ota/slots/health.ts";
import { arm, currentSlot } from "../../../ota/slots/slots.ts";
import { loadState, storeState } from "../../../ota/slots/state.ts";
import { forgetPart } from "../../../ota/updater/part.ts";
import type { UpdaterStatus } from "../../../ota/updater/status.ts";
import { Updater } from "../../../ota/updater/updater.ts";
import type { Clock } from "../../../platform/clock.ts";
import { FirmwareGateway, release } from "../../fakes/firmware.ts";
import { PowerFiles } from "../../fakes/power.ts";
import { installIo, newRelease, OLD_IMAGE } from "../machine.ts";

const HOUR_MS = 3_600_000;

/** Runs the updater of the old image on a clock on which every sleep is over at once, for so many hours or until it restarts. */
async function lived(
  files: PowerFiles,
  gateway: FirmwareGateway,
  hours: number,
  { answerMs = 0, look = () => {}, ...changes }: Partial<ConstructorParameters<typeof Updater>[0]> & {
    readonly answerMs?: number;
    /** Sees the status in the hundred steps after each answer of the gateway. */
    readonly look?: (status: UpdaterStatus) => void;
  } = {},
) {
  const stop = new AbortController();
  let elapsed = 0;
  const clock: Clock = {
    now: () => elapsed,
    monotonic: () => elapsed,
    sleep(ms) {
      elapsed += ms;
      if (elapsed > hours * HOUR_MS) stop.abort();
      return Promise.resolve();
    },
  };
  const watch = async () => {
    for (let step = 0; step < 100; step++) {
      await Promise.resolve();
      look(updater.status());
    }
  };
  const updater = new Updater({
    ...installIo(files, gateway, { clock, random: { float: () => 0 } }),
    gateway: {
      async ask(...request) {
        elapsed += answerMs;
        const reply = await gateway.ask(...request);
        void watch();
        return reply;
      },
    },
    boot: { kind: "committed", slot: "a" },
    interval: 6 * HOUR_MS,
    soakMs: 0,
    health: () => ({ polled: true, reached: true, stored: true }),
    restart: () => Promise.resolve(stop.abort()),
    settled: () => Promise.resolve(),
    wanted: () => Promise.resolve(false),
    log: getLogger(["test"]),
    ...changes,
  });
  await updater.run(stop.signal);
  return updater.status();
}

function oldImage(): PowerFiles {
  const files = new PowerFiles();
  files.seedLink("current", "a");
  return files;
}

Deno.test("a disk that stays full costs a few chunks a day, and the update goes on once it has room", async () => {
  const files = oldImage();
  const gateway = new FirmwareGateway(newRelease);
  let full = true;
  const open = files.open.bind(files);
  files.open = async (path) => {
    const file = await open(path);
    const write: typeof file.write = (offset, bytes) =>
      full ? Promise.reject(new Error("No space left on device")) : file.write(offset, bytes);
    return { ...file, write };
  };
  const { lastOutcome } = await lived(files, gateway, 24);
  assert.match(lastOutcome ?? "", /No space left/);
  assert.ok(gateway.chunks.length > 3 && gateway.chunks.length < 20, `${gateway.chunks.length} chunks`);
  full = false;
  assert.equal((await lived(files, gateway, 8)).phase.kind, "restarting");
});

Deno.test("an image that is staged by hand during a download does not make the offered one a bad one", async () => {
  const files = oldImage();
  const gateway = new FirmwareGateway(newRelease);
  let taken = false;
  gateway.misbehave = (path, number) => {
    if (path === "/ota/chunk" && number === newRelease.manifest.total_chunks - 1 && !taken) {
      taken = true;
      void forgetPart(files, "b"); // as staging does (ota/slots/stage.ts)
    }
    return undefined;
  };
  const { phase } = await lived(files, gateway, 24);
  assert.deepEqual([phase.kind, taken, (await loadState(files)).bad], ["restarting", true, []]);
});

Deno.test("the status says when the last check began, so that who asked in between waits for the next", async () => {
  const { lastCheckBegunAt, lastCheckAt } = await lived(oldImage(), new FirmwareGateway(), 5, { answerMs: 700 });
  assert.deepEqual({ lastCheckBegunAt, lastCheckAt }, { lastCheckBegunAt: 0, lastCheckAt: 700 });
});

Deno.test("who follows an update never sees a node that has nothing to do between its check and its restart", async () => {
  const seen = new Set<string>();
  const look = ({ phase, lastCheckAt }: UpdaterStatus) => void (lastCheckAt !== undefined && seen.add(phase.kind));
  await lived(oldImage(), new FirmwareGateway(newRelease), 8, { look });
  assert.ok(seen.has("checking") && !seen.has("idle"), [...seen].join());
});

Deno.test("an offer that is refused as before leaves the node waiting for the next check", async () => {
  const gateway = new FirmwareGateway(await release(OLD_IMAGE, { model: "esp32" }));
  assert.equal((await lived(oldImage(), gateway, 13)).phase.kind, "idle");
});

Deno.test("a program that no boot guard started tells of an update, and takes none: nothing would bring it back", async () => {
  const files = oldImage();
  const gateway = new FirmwareGateway(newRelease);
  const { lastOutcome } = await lived(files, gateway, 24, { boot: { kind: "unguarded" } });
  assert.match(lastOutcome ?? "", /the boot guard does not run this program/);
  assert.deepEqual([gateway.chunks, gateway.reports], [[], []]);
});

Deno.test("an offer that stays refused is told once, not every day", async () => {
  const gateway = new FirmwareGateway(await release(OLD_IMAGE, { model: "esp32" }));
  await lived(oldImage(), gateway, 100);
  assert.deepEqual(gateway.reports.map(({ path, message }) => [path, message["verified"]]), [["/ota/verify", false]]);
});

Deno.test("what was downloaded from a gateway that refuses the rest is kept, and gone on from", async () => {
  const files = oldImage();
  const gateway = new FirmwareGateway(newRelease);
  let refuses = true;
  gateway.misbehave = (path, number) =>
    path === "/ota/chunk" && number > 0 && refuses ? { kind: "refused", status: 409, reason: "recalled" } : undefined;
  await lived(files, gateway, 5);
  refuses = false;
  assert.equal((await lived(files, gateway, 8)).phase.kind, "restarting");
  assert.equal(gateway.chunks.filter((number) => number === 0).length, 1);
});

/** An image on trial that is so well for an hour; whether it was confirmed. */
async function tried(health: Health, pending: { readonly inverters_answered: boolean } | undefined) {
  const files = oldImage();
  const image = { image: "1f".repeat(32), version: "2.0.0", sequence: 2 };
  const state = { floor: 1, bad: [], reports: [] };
  await storeState(files, pending === undefined ? state : { ...state, pending: { ...image, ...pending } });
  await arm(files, { slot: "b", image: image.image, limit: 3, windowS: 600 });
  const boot = { kind: "trial", slot: "b", image: image.image } as const;
  await lived(files, new FirmwareGateway(), 1, { boot, soakMs: 60_000, health: () => health });
  return await currentSlot(files) === "b";
}

Deno.test("an image on trial is confirmed when it lacks nothing, and not before", async () => {
  const well = { polled: true, reached: true, stored: true };
  assert.equal(await tried(well, { inverters_answered: true }), true);
  assert.equal(await tried({ ...well, stored: false }, { inverters_answered: true }), false);
  assert.equal(await tried({ ...well, polled: false }, { inverters_answered: true }), false);
  assert.equal(await tried({ ...well, polled: false }, { inverters_answered: false }), true);
  assert.equal(await tried({ ...well, polled: false }, undefined), false, "nobody knows whether inverters answered");
});
