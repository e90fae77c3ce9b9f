import { basename, dirname, join } from "node:path";
import type { Logger } from "@logtape/logtape";
import type { Node } from "../../../device/node.ts";
import { openKeySet } from "../../../keys/firmware_keys.ts";
import { type SlotFiles, slotFiles } from "../../../ota/slots/files.ts";
import { bootOf } from "../../../ota/slots/slots.ts";
import type { Health } from "../../../ota/slots/health.ts";
import { runVersion } from "../../../ota/updater/probe.ts";
import type { Gateway } from "../../../ota/updater/reply.ts";
import { Updater } from "../../../ota/updater/updater.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { MODEL, VERSION } from "../../commands/version.ts";
import { slotsDir } from "../config/data_dir.ts";
import { forgetMigrations } from "../run/roles.ts";
import type { UpdateConfig } from "../../../device/config/update_config.ts";
import { publish, takeRequest } from "../../../ota/updater/status_files.ts";

/** How often the status is looked at, and how long an unchanged one is not written again. Milliseconds. */
const LOOK_MS = 1_000;
const PUBLISH_MS = 60_000;
/** How long a restart waits for a command that is being executed. Milliseconds. */
const REST_MS = 60_000;

/** What a node's updater stands on. */
interface UpdaterSurroundings {
  readonly node: Node;
  readonly dataDir: string;
  readonly log: Logger;
  /** Ends the program in order, so that the boot guard starts the new image. */
  readonly restart: () => void;
}

/** Starts the updater of a node on the real clock, disk and gateway. Disposing stops it within a second. */
export async function openUpdater(config: UpdateConfig, around: UpdaterSurroundings): Promise<AsyncDisposable> {
  const keys = await openKeySet(dirname(config.keys), basename(config.keys));
  const env = (name: string) => Deno.env.get(name) || undefined;
  const root = env("ECOWATT_SLOTS") ?? slotsDir(around.dataDir);
  const files = await slotFiles(root);
  const updater = new Updater({
    device: around.node.status().device,
    files,
    gateway: gatewayOf(around.node),
    keys: { image: keys.aes, chunks: keys.chunkKey("node") },
    publicKey: keys.publicKey,
    self: { model: MODEL, version: VERSION },
    run: runVersion(systemClock),
    pathOf: (path) => join(root, path),
    room: config.largest,
    trial: { limit: config.attempts, windowS: Math.ceil(config.confirm_within / 1000) },
    ...(config.rate_limit === undefined ? {} : { rateLimit: config.rate_limit }),
    clock: systemClock,
    random: systemRandom,
    boot: bootOf(env),
    interval: config.interval,
    soakMs: config.soak,
    health: () => healthOf(around.node),
    restart: async () => {
      await atRest(around.node);
      around.restart();
    },
    settled: () => forgetMigrations(around.dataDir),
    wanted: () => takeRequest(files),
    log: around.log.getChild("update"),
  });
  const stop = new AbortController();
  const running = Promise.all([updater.run(stop.signal), keepPublishing(files, updater, stop.signal)]);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** The node's own signed way, in the updater's words. */
function gatewayOf(node: Node): Gateway {
  return {
    async ask(path, message, schema, signal) {
      const reply = await node.ask(path, message, schema, signal);
      switch (reply.kind) {
        case "ok":
        case "refused":
        case "later":
          return reply;
        case "unsupported":
          return { kind: "refused", reason: reply.reason };
        default:
          return reply satisfies never;
      }
    },
  };
}

/** A signed request needs a number that this process reserved on disk, and a sample is on disk before it counts. */
function healthOf(node: Node): Health {
  const { inverters, uplink, commands, outbox } = node.status();
  const reached = uplink.lastOkAt !== undefined || commands.lastOkAt !== undefined;
  const sampled = inverters.some(({ lastSampleAt }) => lastSampleAt !== undefined);
  return {
    polled: inverters.length === 0 || sampled,
    reached,
    stored: (reached || sampled) && outbox.diskFault === undefined,
  };
}

/** Waits for the end of a command that is being executed; one that takes too long is found in the journal. */
async function atRest(node: Node): Promise<void> {
  const rested = new AbortController();
  await Promise.race([node.rest(), systemClock.sleep(REST_MS, rested.signal)]);
  rested.abort();
}

/** To the end, and that too: who follows an update is told that the node restarts into it. */
async function keepPublishing(files: SlotFiles, updater: Updater, signal: AbortSignal): Promise<void> {
  let last = "";
  let at = -Infinity;
  for (let over = false; !over;) {
    over = signal.aborted;
    const status = updater.status();
    const text = JSON.stringify(status);
    if (text !== last || systemClock.monotonic() - at > PUBLISH_MS) {
      await publish(files, status, systemClock.now()).catch(() => {}); // a full disk: the updater says so itself
      [last, at] = [text, systemClock.monotonic()];
    }
    if (!over) await systemClock.sleep(LOOK_MS, signal);
  }
}
