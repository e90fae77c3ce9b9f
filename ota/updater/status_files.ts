import { z } from "zod";
import { readText, removeFile } from "../slots/durable.ts";
import type { SlotFiles } from "../slots/files.ts";
import type { UpdaterStatus } from "./status.ts";

/** Where a running node says how updates are doing, and finds that somebody wants a check: files in the folder of the slots. */
const STATUS = "status.json";
const WANTED = "wanted";

const Phase = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("idle"), nextCheckAt: z.number() }),
  z.object({ kind: z.literal("checking") }),
  z.object({
    kind: z.literal("downloading"),
    version: z.string(),
    chunks: z.number(),
    total: z.number(),
    bytes: z.number(),
  }),
  z.object({ kind: z.literal("verifying"), version: z.string() }),
  z.object({ kind: z.literal("restarting"), version: z.string() }),
  z.object({ kind: z.literal("on_trial"), version: z.string(), missing: z.array(z.string()) }),
]);

const Status = z.object({
  phase: Phase,
  version: z.string(),
  floor: z.number(),
  startedAt: z.number().optional(), // a node of version 0.1 does not say it
  lastCheckBegunAt: z.number().optional(),
  lastCheckAt: z.number().optional(),
  lastOutcome: z.string().optional(),
  /** Unix milliseconds: a node that runs says something every few seconds. */
  at: z.number(),
});
export type PublishedStatus = z.infer<typeof Status>;

/**
 * Says how updates are doing. Not durable: it is worth nothing after the process.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await publish(files, { phase: { kind: "checking" }, version: "1.2.0", floor: 7, startedAt: 900 }, 1_000);
 * (await published(files))?.phase.kind; // => "checking"
 * ```
 */
export async function publish(files: SlotFiles, status: UpdaterStatus, at: number): Promise<void> {
  const temporary = `${STATUS}.new`;
  await files.unlink(temporary);
  await files.write(temporary, 0, new TextEncoder().encode(JSON.stringify({ ...status, at })));
  await files.rename(temporary, STATUS);
}

/**
 * What the node said last; `undefined` when it never did, or a power cut left something else.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * await published(await slotFiles(await Deno.makeTempDir())); // => undefined
 * ```
 */
export async function published(files: SlotFiles): Promise<PublishedStatus | undefined> {
  const text = await readText(files, STATUS);
  if (text === undefined) return undefined;
  try {
    return Status.parse(JSON.parse(text));
  } catch {
    return undefined; // the node says it again within seconds
  }
}

/**
 * Asks the running node for a check.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await askForCheck(files);
 * await takeRequest(files); // => true
 * ```
 */
export async function askForCheck(files: SlotFiles): Promise<void> {
  await files.write(WANTED, 0, new Uint8Array([10]));
}

/** When a check was asked for (unix milliseconds), and what the node had said before. */
export interface Asked {
  readonly at: number;
  readonly before: PublishedStatus;
}

/**
 * Whether the last check answers the request: one that was under way already does not, whatever it finds.
 *
 * @example
 * ```ts
 * const before = { phase: { kind: "checking" }, version: "1.2.0", floor: 7, at: 1_000 } as const;
 * const underWay = { ...before, lastCheckBegunAt: 900, lastCheckAt: 1_100 };
 * const next = { ...before, lastCheckBegunAt: 1_200, lastCheckAt: 1_300 };
 * [underWay, next].map((status) => answers(status, { at: 1_050, before })); // => [false, true]
 * ```
 */
export function answers({ lastCheckAt, lastCheckBegunAt }: PublishedStatus, { at, before }: Asked): boolean {
  if (lastCheckBegunAt !== undefined) return lastCheckBegunAt >= at;
  return lastCheckAt !== before.lastCheckAt; // a node of version 0.1 does not say when its checks begin
}

/**
 * Whether another process says `now` than said `before`: the node has restarted in the meantime.
 *
 * @example
 * ```ts
 * const before = { phase: { kind: "checking" }, version: "1.2.0", floor: 7, startedAt: 900, at: 1_000 } as const;
 * [before, { ...before, startedAt: 2_000 }].map((now) => hasRestarted(now, before)); // => [false, true]
 * ```
 */
export function hasRestarted(now: PublishedStatus, before: PublishedStatus): boolean {
  return now.startedAt !== before.startedAt || now.version !== before.version;
}

/**
 * Whether somebody asked since this was last called.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await askForCheck(files);
 * [await takeRequest(files), await takeRequest(files)]; // => [true, false]
 * ```
 */
export async function takeRequest(files: SlotFiles): Promise<boolean> {
  if (await files.size(WANTED) === undefined) return false;
  await removeFile(files, WANTED);
  return true;
}
