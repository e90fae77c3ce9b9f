import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { givenUpText } from "../slots/attempts.ts";
import type { SlotFiles } from "../slots/files.ts";
import { type Boot, commit, settle } from "../slots/slots.ts";

/** How long a new image has to be alive without a break before it is confirmed, and between two looks. Milliseconds. */
const SOAK_MS = 120_000;
const LOOK_MS = 2_000;
const RETRY_MS = 60_000;

/** Dependencies of proving. */
interface ProverIo {
  /** Whether everything that this program is for works now. */
  readonly alive: () => Promise<boolean>;
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
 *
 * @example
 * ```ts
 * import { getLogger } from "@logtape/logtape";
 * import { systemClock as clock } from "../../platform/clock.ts";
 * import { slotFiles } from "../slots/files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * const boot = { kind: "committed", slot: "a" } as const;
 * const settled = Promise.withResolvers<string>();
 * const io = { alive: () => Promise.resolve(true), files, boot, clock, log: getLogger(["ecowatt"]) };
 * await using _prover = startProver({ ...io, settled: () => Promise.resolve(settled.resolve("nothing goes back")) });
 * await settled.promise; // => "nothing goes back"
 * ```
 */
export function startProver(io: ProverIo): AsyncDisposable {
  const stop = new AbortController();
  const running = prove(io, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/**
 * Brings what the boot guard left to its end, and confirms this image if it is on trial. Never rejects.
 *
 * @example
 * ```ts
 * import { getLogger } from "@logtape/logtape";
 * import { systemClock as clock } from "../../platform/clock.ts";
 * import { slotFiles } from "../slots/files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * const boot = { kind: "committed", slot: "a" } as const;
 * let isSettled = false;
 * const settled = () => Promise.resolve(void (isSettled = true));
 * const io = { alive: () => Promise.resolve(true), files, boot, settled, clock, log: getLogger(["ecowatt"]) };
 * await prove(io, new AbortController().signal);
 * isSettled; // => true
 * ```
 */
export async function prove(io: ProverIo, signal: AbortSignal): Promise<void> {
  const { files, boot, settled, clock, log } = io;
  while (!signal.aborted) {
    try {
      const standing = await settle(files, boot);
      if (standing.kind === "rolled_back") log.error("rolled back: {reason}", { reason: givenUpText(standing.reason) });
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

/** Waits until all was alive for the whole soak; false: it is to stop. The boot guard ends the wait of one that never is. */
async function isProven({ alive, clock }: ProverIo, signal: AbortSignal): Promise<boolean> {
  for (let since = clock.monotonic(); !signal.aborted; await clock.sleep(LOOK_MS, signal)) {
    if (!await alive()) since = clock.monotonic();
    else if (clock.monotonic() - since >= SOAK_MS) return true;
  }
  return false;
}
