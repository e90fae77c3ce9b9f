import { basename, dirname, join } from "node:path";
import type { Logger } from "@logtape/logtape";
import { openKeySet } from "../../keys/firmware_keys.ts";
import { type SlotFiles, slotFiles } from "../../ota/slots/files.ts";
import type { Health } from "../../ota/slots/health.ts";
import type { Boot } from "../../ota/slots/slots.ts";
import type { Self } from "../../ota/updater/eligibility.ts";
import { runVersion } from "../../ota/updater/probe.ts";
import { publish, takeRequest } from "../../ota/updater/status_files.ts";
import { Updater } from "../../ota/updater/updater.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { UpdateConfig } from "../config/update_config.ts";
import type { Poster } from "../uplink/exchange.ts";
import { replyOf } from "../uplink/reply.ts";
import { restartAtRest } from "./restart.ts";

/** How often the status is looked at, and how long an unchanged one is not written again. Milliseconds. */
const LOOK_MS = 1_000;
const PUBLISH_MS = 60_000;

/** The program that a node runs in, and may replace. */
export interface Program {
  readonly self: Self;
  /** Folder of its images. */
  readonly slots: string;
  readonly boot: Boot;
  /** Ends it in order, so that the boot guard starts the new image. */
  readonly restart: () => void;
  /** It is no longer, or not, on trial: nothing goes back any more. */
  readonly settled: () => Promise<void>;
}

/** Dependencies of a node's updater. */
interface NodeUpdaterIo {
  readonly device: string;
  readonly gateway: Poster;
  readonly program: Program;
  /** What the node has to show for a new image. */
  readonly health: () => Health;
  /** Resolves when no command is being executed, and none will be begun. */
  readonly rest: () => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Starts the updater of a node. Disposing stops it within a second. */
export async function openUpdater(config: UpdateConfig, io: NodeUpdaterIo): Promise<AsyncDisposable> {
  const { device, gateway, program, health, rest, clock, random, log } = io;
  const keys = await openKeySet(dirname(config.keys), basename(config.keys));
  const files = await slotFiles(program.slots);
  const updater = new Updater({
    device,
    files,
    gateway: {
      ask: async (path, message, schema, signal) => replyOf(await gateway.post(path, message, signal), schema),
    },
    keys: { image: keys.aes, chunks: keys.chunkKeys.node },
    publicKey: keys.publicKey,
    self: program.self,
    run: runVersion(clock),
    pathOf: (path) => join(program.slots, path),
    room: config.largest,
    trial: { limit: config.attempts, windowS: Math.ceil(config.confirm_within / 1000) },
    ...(config.rate_limit === undefined ? {} : { rateLimit: config.rate_limit }),
    clock,
    random,
    boot: program.boot,
    interval: config.interval,
    soakMs: config.soak,
    health,
    restart: () => restartAtRest(program.restart, rest, clock),
    settled: program.settled,
    wanted: () => takeRequest(files),
    log,
  });
  const stop = new AbortController();
  const running = Promise.all([updater.run(stop.signal), keepPublishing(files, updater, clock, stop.signal)]);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** To the end, and that too: who follows an update is told that the node restarts into it. */
async function keepPublishing(files: SlotFiles, updater: Updater, clock: Clock, signal: AbortSignal): Promise<void> {
  let last = "";
  let at = -Infinity;
  for (let over = false; !over;) {
    over = signal.aborted;
    const status = updater.status();
    const text = JSON.stringify(status);
    if (text !== last || clock.monotonic() - at > PUBLISH_MS) {
      await publish(files, status, clock.now()).catch(() => {}); // a full disk: the updater says so itself
      [last, at] = [text, clock.monotonic()];
    }
    if (!over) await clock.sleep(LOOK_MS, signal);
  }
}
