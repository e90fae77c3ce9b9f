import { MAX_LOG_LINE_CHARS, MAX_LOG_LINES } from "../manifest/limits.ts";
import { utf8 } from "../../crypto/bytes.ts";
import { type GivenUp, givenUpText, parseAttempts } from "./attempts.ts";
import { type Lack, lackText } from "./health.ts";
import { readText, removeFile, replaceFile, replaceLink } from "./durable.ts";
import type { SlotFiles } from "./files.ts";
import { confirmed, loadState, postponed, rolledBack, storeState } from "./state.ts";
import { formatTrial, parseTrial, type SlotName, slotName, type Trial } from "./trial.ts";

/** How this process was started: what the boot guard put into its environment. */
export type Boot =
  | { readonly kind: "trial"; readonly slot: SlotName; readonly image: string }
  /** From the slot that has proved itself, or the executable that was installed first. */
  | { readonly kind: "committed"; readonly slot: SlotName | "installed" }
  /** By hand, or by a service without the boot guard: it cannot update itself. */
  | { readonly kind: "unguarded" };

/** What stands about updates when a process starts. */
type Standing =
  | { readonly kind: "idle" }
  /** This process is what has to prove itself. */
  | { readonly kind: "on_trial"; readonly trial: Trial }
  /** An update was interrupted between its last steps, and is complete now. */
  | { readonly kind: "confirmed" }
  /** The boot guard gave an image up. */
  | { readonly kind: "rolled_back"; readonly reason: GivenUp }
  /** It gave up one to which nothing but the gateway was missing: perhaps that was away for everybody. */
  | { readonly kind: "postponed"; readonly reason: GivenUp };

/**
 * Reads the boot guard's word. `env`: one variable.
 *
 * @example
 * ```ts
 * const env = new Map([["ECOWATT_SLOT", "b"], ["ECOWATT_TRIAL", "1f2e"]]);
 * bootOf((name) => env.get(name)); // => { kind: "trial", slot: "b", image: "1f2e" }
 * bootOf(() => undefined); // => { kind: "unguarded" }
 * ```
 */
export function bootOf(env: (name: string) => string | undefined): Boot {
  const slot = env("ECOWATT_SLOT");
  const image = env("ECOWATT_TRIAL");
  const name = slotName(slot);
  if (name !== undefined && image) return { kind: "trial", slot: name, image };
  if (name !== undefined || slot === "installed") return { kind: "committed", slot: name ?? "installed" };
  return { kind: "unguarded" };
}

/**
 * The path of a slot's executable.
 *
 * @example
 * ```ts
 * executableOf("a"); // => "a/ecowatt"
 * ```
 */
export function executableOf(slot: SlotName): string {
  return `${slot}/ecowatt`;
}

/**
 * The slot that has proved itself; `undefined` before there was one.
 *
 * @example
 * ```ts
 * import { replaceLink } from "./durable.ts";
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await replaceLink(files, "current", "a");
 * await currentSlot(files); // => "a"
 * ```
 */
export async function currentSlot(files: SlotFiles): Promise<SlotName | undefined> {
  return slotName(await files.linkTarget("current"));
}

/**
 * The image that has to prove itself, if there is one.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * await readTrial(await slotFiles(await Deno.makeTempDir())); // => undefined
 * ```
 */
export async function readTrial(files: SlotFiles): Promise<Trial | undefined> {
  const text = await readText(files, "trial");
  return text === undefined ? undefined : parseTrial(text);
}

/**
 * From the next start on the boot guard tries this slot. Its executable has to be complete and durable.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * const trial = { slot: "b", image: "1f2e", limit: 3, windowS: 600 } as const;
 * await arm(files, trial);
 * await readTrial(files); // => trial
 * ```
 */
export async function arm(files: SlotFiles, trial: Trial): Promise<void> {
  await replaceFile(files, "trial", formatTrial(trial));
}

/**
 * The image on trial becomes the one that runs: the link first, then the floor, the trial last, so that whatever is left out by a
 * power cut is made up for by `settle`.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await commit(files, { slot: "b", image: "1f2e", limit: 3, windowS: 600 });
 * await currentSlot(files); // => "b"
 * ```
 */
export async function commit(files: SlotFiles, { slot }: Trial): Promise<void> {
  await replaceLink(files, "current", slot);
  await storeState(files, confirmed(await loadState(files)));
  await clear(files);
}

/**
 * Brings what a power cut or a boot guard left to its end. Call it first.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await arm(files, { slot: "b", image: "1f2e", limit: 3, windowS: 600 });
 * (await settle(files, { kind: "trial", slot: "b", image: "1f2e" })).kind; // => "on_trial"
 * (await settle(files, { kind: "committed", slot: "a" })).kind; // => "rolled_back"
 * ```
 */
export async function settle(files: SlotFiles, boot: Boot): Promise<Standing> {
  const trial = await readTrial(files);
  if (trial === undefined) return { kind: "idle" };
  if (await currentSlot(files) === trial.slot) {
    await commit(files, trial);
    return { kind: "confirmed" };
  }
  switch (boot.kind) {
    case "trial":
      return { kind: "on_trial", trial };
    case "committed":
      return await rollBack(files, trial);
    case "unguarded":
      return { kind: "idle" }; // not its business
    default:
      return boot satisfies never;
  }
}

/** Gives the image on trial up: for good, or until the gateway answers this one. */
async function rollBack(files: SlotFiles, trial: Trial): Promise<Standing> {
  const reason = await reasonOf(files, trial);
  const state = await loadState(files);
  const waiting = await lackedGatewayOnly(files, trial) ? postponed(state) : undefined;
  if (state.pending?.image === trial.image) {
    await storeState(files, waiting ?? rolledBack(state, { reason: givenUpText(reason), log: await lastLines(files) }));
  }
  await clear(files);
  return { kind: waiting ? "postponed" : "rolled_back", reason };
}

/**
 * The image on trial says what it lacks, for the one that may have to judge it. Not durable: it is said again and again.
 *
 * @example
 * ```ts
 * import { readText } from "./durable.ts";
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await say(files, { slot: "b", image: "1f2e", limit: 3, windowS: 600 }, ["nothing_stored"]);
 * await readText(files, "lacks"); // => "1f2e\nnothing was stored\n"
 * ```
 */
export async function say(files: SlotFiles, { image }: Trial, lacks: readonly Lack[]): Promise<void> {
  await files.unlink("lacks.new");
  await files.write("lacks.new", 0, utf8(`${[image, ...lacks.map(lackText)].join("\n")}\n`));
  await files.rename("lacks.new", "lacks");
}

async function lackedGatewayOnly(files: SlotFiles, { image }: Trial): Promise<boolean> {
  const attempts = parseAttempts(await readText(files, "attempts") ?? "");
  return attempts?.image === image && attempts.last.code === "not_confirmed" &&
    await readText(files, "lacks") === `${image}\n${lackText("gateway_not_reached")}\n`;
}

async function reasonOf(files: SlotFiles, trial: Trial): Promise<GivenUp> {
  const attempts = parseAttempts(await readText(files, "attempts") ?? "");
  if (attempts?.image !== trial.image) return { code: "uncounted" };
  const { failures, starts, last } = attempts;
  return failures === 0 ? { code: "too_many_starts", starts } : { code: "failures", failures, last };
}

async function lastLines(files: SlotFiles): Promise<string[]> {
  const texts = [await readText(files, "trial.log.1"), await readText(files, "trial.log")];
  const lines = texts.join("").split("\n").filter((line) => line !== "");
  return lines.slice(-MAX_LOG_LINES).map((line) => line.slice(0, MAX_LOG_LINE_CHARS));
}

async function clear(files: SlotFiles): Promise<void> {
  await removeFile(files, "trial");
  for (const leftover of ["attempts", "trial.log", "trial.log.1", "trial.pipe", "lacks"]) await files.unlink(leftover);
}
