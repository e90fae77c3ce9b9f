import { removeFile, replaceFile } from "./durable.ts";
import type { SlotFiles } from "./files.ts";
import type { SlotName } from "./trial.ts";

/** Beside the executable, as `sha256sum -c` reads it: the boot guard does before a start. */
function digestOf(slot: SlotName): string {
  return `${slot}/ecowatt.sha256`;
}

/**
 * Keeps the SHA-256 (lower-case hex) of the executable that is in a slot, complete and durable: from now on the boot guard
 * starts it only as long as it is the same.
 *
 * @example
 * ```ts
 * import { readText } from "./durable.ts";
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await files.write("b/ecowatt", 0, new Uint8Array([1]));
 * await keepDigest(files, "b", "4bf5");
 * await readText(files, "b/ecowatt.sha256"); // => "4bf5  ecowatt\n"
 * ```
 */
export async function keepDigest(files: SlotFiles, slot: SlotName, sha256: string): Promise<void> {
  await replaceFile(files, digestOf(slot), `${sha256}  ecowatt\n`);
}

/**
 * Call it before another executable gets the slot's name: it would be taken for a damaged one.
 *
 * @example
 * ```ts
 * import { slotFiles } from "./files.ts";
 * const files = await slotFiles(await Deno.makeTempDir());
 * await files.write("b/ecowatt", 0, new Uint8Array([1]));
 * await keepDigest(files, "b", "4bf5");
 * await forgetDigest(files, "b");
 * await files.size("b/ecowatt.sha256"); // => undefined
 * ```
 */
export async function forgetDigest(files: SlotFiles, slot: SlotName): Promise<void> {
  await removeFile(files, digestOf(slot));
}
