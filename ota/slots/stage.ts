import { forgetPart } from "../updater/part.ts";
import { forgetDigest, keepDigest } from "./digest.ts";
import { removeFile, replaceLink } from "./durable.ts";
import type { SlotFiles } from "./files.ts";
import { loadState, storeState } from "./state.ts";
import { arm, currentSlot, executableOf, readTrial } from "./slots.ts";
import { otherSlot, type SlotName } from "./trial.ts";

/** An executable that somebody at the machine brought: a package, an installation by hand. */
interface BroughtImage {
  /** SHA-256 of the executable, lower-case hex. */
  readonly sha256: string;
  readonly version: string;
  pieces(): AsyncIterable<Uint8Array>;
}

/** What staging comes to. */
export type Staging =
  /** There was none: it runs from now on, as nothing else could. */
  | "first"
  /** It has to prove itself at the next start, as an update from the gateway has to. */
  | "on_trial"
  /** It runs already, or is on trial already. */
  | "same";

/**
 * What is to be done for an image, without doing it. `isCurrent`: whether the file of a slot is that image.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await stagingOf(files, { sha256: "1f2e" }, () => Promise.resolve(undefined)); // => "first"
 * ```
 */
export async function stagingOf(
  files: SlotFiles,
  { sha256 }: Pick<BroughtImage, "sha256">,
  hashOf: (path: string) => Promise<string | undefined>,
): Promise<Staging> {
  const current = await currentSlot(files);
  if (current === undefined || await files.size(executableOf(current)) === undefined) return "first";
  if (await hashOf(executableOf(current)) === sha256) return "same";
  return (await readTrial(files))?.image === sha256 ? "same" : "on_trial";
}

/**
 * Puts an image into the slot that does not run. An update that was on its way gives way: it comes again. The floor stays as
 * it is, as the image has no sequence of its own.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * import { currentSlot } from "./slots.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * const pieces = async function* () { yield new Uint8Array([1, 2, 3]); };
 * await stage(files, { sha256: "1f2e", version: "1.2.0", pieces }, { as: "first", limit: 3, windowS: 600 });
 * [await currentSlot(files), await files.size("a/ecowatt")]; // => ["a", 3]
 * ```
 */
export async function stage(
  files: SlotFiles,
  image: BroughtImage,
  options: { readonly as: Exclude<Staging, "same">; readonly limit: number; readonly windowS: number },
): Promise<void> {
  const { as, limit, windowS } = options;
  await removeFile(files, "trial");
  for (const slot of ["a", "b"] as const) await forgetPart(files, slot);
  await files.unlink("attempts");
  const { pending: _given, ...state } = await loadState(files);
  const slot = as === "first" ? "a" : otherSlot(await currentSlot(files));
  await place(files, slot, image);
  if (as === "first") return await replaceLink(files, "current", slot);
  const { sha256, version } = image;
  const pending = { image: sha256, version, sequence: state.floor, inverters_answered: false };
  await storeState(files, { ...state, pending });
  await arm(files, { slot, image: sha256, limit, windowS });
}

async function place(files: SlotFiles, slot: SlotName, image: BroughtImage): Promise<void> {
  const path = executableOf(slot);
  const temporary = `${path}.staged`;
  await files.unlink(temporary);
  let offset = 0;
  for await (const piece of image.pieces()) {
    await files.write(temporary, offset, piece);
    offset += piece.length;
  }
  await files.sync(temporary);
  await forgetDigest(files, slot);
  await files.rename(temporary, path);
  await files.syncFolder(path);
  await keepDigest(files, slot, image.sha256);
}
