import { toBase64 } from "../../crypto/bytes.ts";
import type { KeySet } from "../../keys/firmware_keys.ts";
import { refusal, success } from "../../protocol/outcome.ts";
import { decryptImage } from "../chunks/image_stream.ts";
import type { Firmware } from "../manifest/firmware.ts";
import { MAX_OLDER_IMAGE_BYTES } from "../manifest/limits.ts";
import { bytesOf, readManifest, signManifest } from "../manifest/manifest.ts";
import type { Added } from "./firmware_repository.ts";
import { signWhole } from "./image_signature.ts";
import type { ImageStore } from "./image_store.ts";

/**
 * The same firmware with a signature over the image itself, which nodes of version 0.1 want. It is made when the first of them
 * asks, and kept beside the image: nobody else pays with the memory that it takes (ADR 083). One at a time.
 *
 * @example
 * ```ts
 * import { openKeySet } from "../../keys/firmware_keys.ts";
 * import { openImageStore } from "./image_store.ts";
 * const folder = await Deno.makeTempDir();
 * const make = async () => {
 *   const [imageStore, keys] = [openImageStore(folder), await openKeySet(folder, "default")];
 *   for (const firmware of imageStore.list()) await forOlderNodes(firmware, keys, imageStore);
 * };
 * await make().catch(() => "no keys"); // => "no keys"
 * ```
 */
export async function forOlderNodes(firmware: Firmware, keys: KeySet, imageStore: ImageStore): Added {
  if (firmware.signature !== null) return success(firmware);
  const kept = imageStore.findOlder(firmware);
  if (kept) return success(kept);
  const { privateKey } = keys;
  if (!privateKey) {
    return refusal("keys", "The private key, which nodes of version 0.1 need for this image, is not here");
  }
  const manifest = readManifest(firmware.manifest ?? "");
  if (!manifest.ok) return refusal("manifest", manifest.detail);
  using file = imageStore.open(firmware);
  const cipher = { key: keys.aes, iv: bytesOf(firmware.iv) };
  const image = { size: firmware.original_size, sha256: firmware.sha256_hash };
  const signed = await signWhole(image, (plain) => decryptImage(file.readable, cipher, { plain }), {
    key: privateKey,
    most: MAX_OLDER_IMAGE_BYTES,
  });
  if (!signed.ok) return signed;
  if (!signed.value) return refusal("too_large", "The image is larger than nodes of version 0.1 can be given");
  const signature = toBase64(signed.value);
  const older = { ...firmware, signature, ...await signManifest({ ...manifest.value, signature }, privateKey) };
  await imageStore.keepOlder(older);
  return success(older);
}
