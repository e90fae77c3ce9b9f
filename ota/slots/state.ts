import { z } from "zod";
import { CompleteRequest } from "../manifest/messages.ts";
import { Sha256Hex } from "../manifest/manifest.ts";
import { FirmwareVersion } from "../manifest/version.ts";
import { readText, replaceFile } from "./durable.ts";
import type { SlotFiles } from "./files.ts";

const PATH = "state.json";
/** Most bad images that are remembered; the sequence floor keeps older ones out once a newer one is confirmed. */
const MAX_BAD = 64;

/** Most outcomes that wait for the gateway. */
const MAX_REPORTS = 16;

const Image = z.object({
  /** SHA-256 of the manifest. */
  image: Sha256Hex,
  version: FirmwareVersion,
  sequence: z.int().min(0), // that of the floor for an image that was brought by hand
  /** Whether inverters answered the old image: one that sleeps at night is no fault of the new one. */
  inverters_answered: z.boolean().default(false),
});

/** Trials of one image in which nothing but the gateway was missing, before that is its fault. */
const MOST_UNDECIDED = 3;

const Postponed = Image.extend({
  /** Trials that decided nothing. */
  times: z.int().min(1),
});

const BadImage = Image.extend({ code: z.string(), reason: z.string() });
type BadImage = z.infer<typeof BadImage>;

/** What is to be told to the gateway. */
export const Report = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("verify"),
    version: FirmwareVersion,
    verified: z.boolean(),
    error: z.string().max(500).optional(),
  }),
  z.object({ kind: z.literal("complete"), ...CompleteRequest.omit({ device_id: true }).shape }),
]);
export type Report = z.infer<typeof Report>;

/** What the updater knows for good. */
export const UpdateState = z.object({
  /** The highest sequence that was confirmed: nothing at or below is taken, whoever signed it. */
  floor: z.int().min(0),
  /** The image on its way: downloading, or on trial. */
  pending: Image.optional(),
  /** An image that waits in its slot for the gateway to answer the old one: then it is tried again. */
  postponed: Postponed.optional(),
  /** Images that failed; never tried again. */
  bad: z.array(BadImage),
  reports: z.array(Report),
});
export type UpdateState = Readonly<z.infer<typeof UpdateState>>;

const INITIAL: UpdateState = { floor: 0, bad: [], reports: [] };

/**
 * What is on disk. Throws for a file that is damaged: without its floor nothing may be installed.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * (await loadState(await slotFiles(await Deno.makeTempDir()))).floor; // => 0
 * ```
 */
export async function loadState(files: SlotFiles): Promise<UpdateState> {
  const text = await readText(files, PATH);
  if (text === undefined) return INITIAL;
  try {
    return UpdateState.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`Cannot read the state of updates, ${PATH}: it is damaged`, { cause: error });
  }
}

/**
 * On disk when it resolves.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await storeState(files, { floor: 7, bad: [], reports: [] });
 * (await loadState(files)).floor; // => 7
 * ```
 */
export async function storeState(files: SlotFiles, state: UpdateState): Promise<void> {
  await replaceFile(files, PATH, `${JSON.stringify(state)}\n`);
}

/**
 * One more thing to tell the gateway.
 *
 * @example
 * ```ts
 * const report = { kind: "verify", version: "1.2.0", verified: true } as const;
 * told({ floor: 6, bad: [], reports: [] }, report).reports; // => [report]
 * ```
 */
export function told(state: UpdateState, report: Report): UpdateState {
  return { ...state, reports: [...state.reports, report].slice(-MAX_REPORTS) };
}

/**
 * One more image that is never tried again.
 *
 * @example
 * ```ts
 * const image = { image: "00".repeat(32), version: "1.2.0", sequence: 7, inverters_answered: true };
 * const bad = { ...image, code: "sha256", reason: "its hash is another" };
 * remembered({ floor: 6, bad: [], reports: [] }, bad).bad; // => [bad]
 * ```
 */
export function remembered(state: UpdateState, image: BadImage): UpdateState {
  return { ...state, bad: [...state.bad, image].slice(-MAX_BAD) };
}

/**
 * The image on trial proved itself: the floor rises to it.
 *
 * @example
 * ```ts
 * const pending = { image: "00".repeat(32), version: "1.2.0", sequence: 7, inverters_answered: true };
 * const { floor, reports } = confirmed({ floor: 6, pending, bad: [], reports: [] });
 * floor; // => 7
 * reports; // => [{ kind: "complete", version: "1.2.0", boot_status: "success" }]
 * ```
 */
export function confirmed({ pending, postponed: _, ...state }: UpdateState): UpdateState {
  if (pending === undefined) return state; // it was done before a power cut
  const { version, sequence } = pending;
  return told({ ...state, floor: Math.max(state.floor, sequence) }, {
    kind: "complete",
    version,
    boot_status: "success",
  });
}

/**
 * Nobody could tell whether the image on trial is good; `undefined`: this was so too often.
 *
 * @example
 * ```ts
 * const pending = { image: "00".repeat(32), version: "1.2.0", sequence: 7, inverters_answered: true };
 * const state = { floor: 6, bad: [], reports: [] };
 * postponed({ ...state, pending })?.postponed?.times; // => 1
 * postponed({ ...state, pending, postponed: { ...pending, times: 2 } }); // => undefined
 * ```
 */
export function postponed({ pending, ...state }: UpdateState): UpdateState | undefined {
  if (pending === undefined) return state;
  const times = 1 + (state.postponed?.image === pending.image ? state.postponed.times : 0);
  return times < MOST_UNDECIDED ? { ...state, postponed: { ...pending, times } } : undefined;
}

/**
 * The image on trial was given up by the boot guard.
 *
 * @example
 * ```ts
 * const pending = { image: "00".repeat(32), version: "1.2.0", sequence: 7, inverters_answered: true };
 * const state = rolledBack({ floor: 6, pending, bad: [], reports: [] }, { reason: "3 failures", log: [] });
 * [state.floor, state.bad.length, state.reports.length]; // => [6, 1, 1]
 * ```
 */
export function rolledBack(
  { pending, postponed: _, ...state }: UpdateState,
  { reason, log }: { readonly reason: string; readonly log: string[] },
): UpdateState {
  if (pending === undefined) return state;
  const { version } = pending;
  const report = { kind: "complete", version, boot_status: "rolled_back", reason, log } as const;
  return told(remembered(state, { ...pending, code: "rolled_back", reason }), report);
}
