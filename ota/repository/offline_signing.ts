import { type RsaPrivateKey, startRsaSigning } from "../../crypto/rsa.ts";
import type { Random } from "../../platform/random.ts";
import type { FirmwareFault, NewFirmware } from "../manifest/firmware.ts";
import type { Pieces } from "./firmware_repository.ts";
import { type SignedManifest, signManifest } from "../manifest/manifest.ts";
import { type Outcome, success } from "../../protocol/outcome.ts";
import { measure } from "../chunks/image_stream.ts";
import { manifestOf } from "../manifest/manifest_of.ts";

/**
 * Signs an image where the private key is: the signed manifest goes to the gateway beside the image, which the gateway
 * encrypts. Constant memory.
 */
export async function signImage(
  plain: Pieces,
  details: NewFirmware & { readonly sequence: number },
  { key, random }: { readonly key: RsaPrivateKey; readonly random: Pick<Random, "bytes"> },
): Promise<Outcome<SignedManifest, FirmwareFault>> {
  const signing = startRsaSigning(key);
  const image = await measure(plain, signing);
  if (!image.ok) return image;
  const manifest = manifestOf(image.value, { ...details, iv: random.bytes(16), signature: signing.sign() });
  return success(signManifest(manifest, key));
}
