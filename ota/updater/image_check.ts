import { toHex } from "../../crypto/bytes.ts";
import { createSha256 } from "../../crypto/sha256.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { SlotFiles } from "../slots/files.ts";

export type ImageFault = "size" | "sha256";

/**
 * Whether the file is the image that the manifest vouches for: its size, its SHA-256, in this order. It is read from the disk,
 * once and whole, in constant memory: what passes is what will be started. `manifest` comes from `verifyManifest`, so the
 * signature over it covers the image.
 *
 * @example
 * ```ts
 * import { slotFiles } from "../slots/files.ts";
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", iv: "", chunk_size: 1_024, total_chunks: 1 } as const;
 * const files = await slotFiles(await Deno.makeTempDir());
 * await files.write("b/ecowatt", 0, new Uint8Array(99));
 * await checkImage("b/ecowatt", manifest, files); // => { ok: false, fault: "size", detail: "99 bytes, not 100" }
 * ```
 */
export async function checkImage(
  path: string,
  manifest: Manifest,
  files: SlotFiles,
): Promise<Outcome<undefined, ImageFault>> {
  const size = await files.size(path);
  if (size !== manifest.original_size) return refusal("size", `${size ?? 0} bytes, not ${manifest.original_size}`);
  const hash = createSha256();
  for await (const piece of files.pieces(path)) hash.update(piece);
  const found = toHex(hash.digest());
  if (found !== manifest.sha256_hash) return refusal("sha256", `its hash is ${found}, not ${manifest.sha256_hash}`);
  return success(undefined);
}
