import { utf8 } from "../../crypto/bytes.ts";
import type { SlotFiles } from "./files.ts";

/**
 * Replaces a small file: after a power cut it is the old or the new one (temp, fsync, rename, fsync of the folder).
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await replaceFile(files, "state.json", "{}\n");
 * await readText(files, "state.json"); // => "{}\n"
 * ```
 */
export async function replaceFile(files: SlotFiles, path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await files.unlink(temporary);
  await files.write(temporary, 0, utf8(text));
  await files.sync(temporary);
  await files.rename(temporary, path);
  await files.syncFolder(path);
}

/**
 * Turns a symbolic link to another target: there is one at any moment.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await replaceLink(files, "current", "a");
 * await replaceLink(files, "current", "b");
 * await files.linkTarget("current"); // => "b"
 * ```
 */
export async function replaceLink(files: SlotFiles, path: string, target: string): Promise<void> {
  const temporary = `${path}.new`;
  await files.unlink(temporary);
  await files.link(target, temporary);
  await files.rename(temporary, path);
  await files.syncFolder(path);
}

/**
 * Removes a file for good.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await replaceFile(files, "trial", "b\n");
 * await removeFile(files, "trial");
 * await readText(files, "trial"); // => undefined
 * ```
 */
export async function removeFile(files: SlotFiles, path: string): Promise<void> {
  await files.unlink(path);
  await files.syncFolder(path);
}

/**
 * A small text file; `undefined` when there is none.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await readText(files, "trial"); // => undefined
 * ```
 */
export async function readText(files: SlotFiles, path: string): Promise<string | undefined> {
  const bytes = await files.read(path);
  return bytes && new TextDecoder().decode(bytes);
}
