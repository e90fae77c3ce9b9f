import type { Logger } from "@logtape/logtape";
import { type SlotFiles, slotFiles } from "../../../ota/slots/files.ts";
import { type Boot, bootOf, commit, settle } from "../../../ota/slots/slots.ts";
import { type Clock, systemClock } from "../../../platform/clock.ts";
import { slotsDir } from "../config/data_dir.ts";
import { forgetMigrations } from "../run/roles.ts";
import type { Part } from "../run/service.ts";

/** How long a new image has to be alive without a break before it is confirmed, and between two looks. Milliseconds. */
const SOAK_MS = 120_000;
const LOOK_MS = 2_000;
const RETRY_MS = 60_000;

/** What proving stands on. */
interface ProverIo {
  readonly parts: readonly Part[];
  readonly files: SlotFiles;
  readonly boot: Boot;
  /** Called when this image is no longer, or not, on trial. */
  readonly settled: () => Promise<void>;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  readonly log: Logger;
}

/**
 * For a box that takes no updates from a gateway: an image that was brought by hand or by a package proves itself by being
 * alive. Disposing stops it within a second.
 */
export async function openProver(
  parts: readonly Part[],
  { dataDir, log }: { readonly dataDir: string; readonly log: Logger },
): Promise<AsyncDisposable | undefined> {
  const env = (name: string) => Deno.env.get(name) || undefined;
  const boot = bootOf(env);
  if (boot.kind === "unguarded") return undefined;
  const files = await slotFiles(env("ECOWATT_SLOTS") ?? slotsDir(dataDir));
  const stop = new AbortController();
  const settled = () => forgetMigrations(dataDir);
  const running = prove({ parts, files, boot, settled, clock: systemClock, log: log.getChild("update") }, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** Brings what the boot guard left to its end, and confirms this image if it is on trial. Never rejects. */
export async function prove(io: ProverIo, signal: AbortSignal): Promise<void> {
  const { files, boot, settled, clock, log } = io;
  while (!signal.aborted) {
    try {
      const standing = await settle(files, boot);
      if (standing.kind === "rolled_back") log.error("rolled back: {reason}", { reason: standing.reason });
      if (standing.kind !== "on_trial") return await settled();
      if (!await isProven(io, signal)) return;
      await commit(files, standing.trial);
      await settled();
      return log.info("the new image is confirmed", {});
    } catch (error) {
      log.warn("the new image cannot be confirmed: {error}", { error }); // a full disk may have room again
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

/** Waits until all parts were alive for the whole soak; false: it is to stop. The boot guard ends the wait of one that never is. */
async function isProven({ parts, clock }: ProverIo, signal: AbortSignal): Promise<boolean> {
  for (let since = clock.monotonic(); !signal.aborted; await clock.sleep(LOOK_MS, signal)) {
    const all = await Promise.all(parts.map((part) => part.alive()));
    if (all.some(({ alive }) => !alive)) since = clock.monotonic();
    else if (clock.monotonic() - since >= SOAK_MS) return true;
  }
  return false;
}
