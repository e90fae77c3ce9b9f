import type { RsaPrivateKey } from "../../crypto/rsa.ts";
import type { Random } from "../../platform/random.ts";
import { type Outcome, success } from "../../protocol/outcome.ts";
import { measure } from "../chunks/image_stream.ts";
import type { FirmwareFault, NewFirmware } from "../manifest/firmware.ts";
import { MAX_OLDER_IMAGE_BYTES } from "../manifest/limits.ts";
import { type SignedManifest, signManifest } from "../manifest/manifest.ts";
import { manifestOf } from "../manifest/manifest_of.ts";
import type { Pieces } from "./firmware_repository.ts";
import { signWhole } from "./image_signature.ts";

/**
 * Signs an image where the private key is: the signed manifest goes to the gateway beside the image, which the gateway
 * encrypts. `plain` reads the image from its beginning, whenever it is called.
 *
 * @example
 * ```ts
 * import { generateRsaKeyPair, importRsaPrivateKey } from "../../crypto/rsa.ts";
 * import { systemRandom } from "../../platform/random.ts";
 * const plain = async function* () { yield new Uint8Array([0x7f, 2, 3]); };
 * const details = { model: "ecowatt", version: "1.2.0", audience: "node", keys: "default", sequence: 7 } as const;
 * const key = await importRsaPrivateKey((await generateRsaKeyPair()).privatePem);
 * const signed = key && await signImage(() => Promise.resolve(plain()), details, { key, random: systemRandom });
 * signed?.ok && signed.value.manifest.includes('"original_size":3'); // => true
 * ```
 */
export async function signImage(
  plain: () => Promise<Pieces>,
  details: NewFirmware & { readonly sequence: number },
  { key, random }: { readonly key: RsaPrivateKey; readonly random: Pick<Random, "bytes"> },
): Promise<Outcome<SignedManifest, FirmwareFault>> {
  const image = await measure(await plain());
  if (!image.ok) return image;
  const signature = await signWhole(image.value, async (sink) => await measure(await plain(), sink), {
    key,
    most: MAX_OLDER_IMAGE_BYTES,
  });
  if (!signature.ok) return signature;
  const manifest = manifestOf(image.value, { ...details, iv: random.bytes(16), signature: signature.value });
  return success(await signManifest(manifest, key));
}
