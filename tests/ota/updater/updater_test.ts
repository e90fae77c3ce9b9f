import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { loadState } from "../../../ota/slots/state.ts";
import { forgetPart } from "../../../ota/updater/part.ts";
import { Updater } from "../../../ota/updater/updater.ts";
import type { Clock } from "../../../platform/clock.ts";
import { FirmwareGateway } from "../../fakes/firmware.ts";
import { PowerFiles } from "../../fakes/power.ts";
import { installIo, newRelease } from "../machine.ts";

const HOUR_MS = 3_600_000;

/** Runs the updater of the old image on a clock on which every sleep is over at once, for so many hours or until it restarts. */
async function lived(files: PowerFiles, gateway: FirmwareGateway, hours: number, answerMs = 0) {
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
  const updater = new Updater({
    ...installIo(files, gateway, { clock, random: { float: () => 0 } }),
    gateway: {
      ask(...request) {
        elapsed += answerMs;
        return gateway.ask(...request);
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
  const { lastCheckBegunAt, lastCheckAt } = await lived(oldImage(), new FirmwareGateway(), 5, 700);
  assert.deepEqual({ lastCheckBegunAt, lastCheckAt }, { lastCheckBegunAt: 0, lastCheckAt: 700 });
});
