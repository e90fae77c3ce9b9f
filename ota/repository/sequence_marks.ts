import { join } from "node:path";
import type { ImageStoreFiles } from "./image_store_files.ts";

const MARK = /^\.sequence-(.+)@(\d+)$/;

/**
 * The highest sequence of each model of which an image was removed: nodes that run such an image take nothing up to it. A mark
 * is an empty file that has everything in its name, so it is there or not, and older ones beside it do no harm.
 *
 * @example
 * ```ts
 * markedSequence(await Deno.makeTempDir(), "ecowatt"); // => 0
 * ```
 */
export function markedSequence(folder: string, model: string): number {
  return Math.max(0, ...marks(folder, model).map(({ sequence }) => sequence));
}

/**
 * Remembers that the sequence was given: on disk when this returns.
 *
 * @example
 * ```ts
 * import { diskFiles } from "./image_store_files.ts";
 * const folder = await Deno.makeTempDir();
 * await markSequence(folder, "ecowatt", 7, diskFiles);
 * markedSequence(folder, "ecowatt"); // => 7
 * ```
 */
export async function markSequence(
  folder: string,
  model: string,
  sequence: number,
  files: ImageStoreFiles,
): Promise<void> {
  const before = marks(folder, model);
  if (before.some((mark) => mark.sequence >= sequence)) return;
  const path = join(folder, `.sequence-${model}@${sequence}`);
  await files.append(path, new Uint8Array());
  await files.sync(path);
  await files.sync(folder);
  for (const { name } of before) await files.removeTree(join(folder, name));
}

function marks(folder: string, model: string): readonly { readonly name: string; readonly sequence: number }[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    const [, marked, sequence] = name.match(MARK) ?? [];
    return marked === model ? [{ name, sequence: Number(sequence) }] : [];
  });
}
