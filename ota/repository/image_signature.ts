import { type Bytes, toHex } from "../../crypto/bytes.ts";
import { type RsaPrivateKey, signRsa } from "../../crypto/rsa.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { PlainImage, Sink } from "../chunks/image_stream.ts";
import type { FirmwareFault } from "../manifest/firmware.ts";
import { MAX_WHOLE_IMAGE_BYTES } from "../manifest/limits.ts";

/**
 * The signature over a plain image, which Web Crypto takes as a whole message: in memory, and freed before this resolves.
 * `undefined` for an image that is too large for that. `bring` gives the image's bytes, the ones that were measured.
 *
 * @example
 * ```ts
 * import { generateRsaKeyPair, importRsaPrivateKey } from "../../crypto/rsa.ts";
 * import { measure } from "../chunks/image_stream.ts";
 * const plain = async function* () { yield new Uint8Array([0x7f, 2, 3]); };
 * const key = await importRsaPrivateKey((await generateRsaKeyPair()).privatePem);
 * const image = await measure(plain());
 * const signed = key && image.ok && await signWhole(image.value, (sink) => measure(plain(), sink), key);
 * signed && signed.ok && signed.value?.length; // => 256
 * ```
 */
export async function signWhole(
  { size, sha256: measured }: PlainImage,
  bring: (sink: Sink) => Promise<Outcome<unknown, FirmwareFault>>,
  key: RsaPrivateKey,
): Promise<Outcome<Bytes | undefined, FirmwareFault>> {
  if (size > MAX_WHOLE_IMAGE_BYTES) return success(undefined);
  const whole = new Uint8Array(size);
  let at = 0;
  try {
    const brought = await bring((piece) => {
      if (at + piece.length <= size) whole.set(piece, at);
      at += piece.length;
      return Promise.resolve();
    });
    if (!brought.ok) return brought;
    if (at !== size || toHex(sha256(whole)) !== measured) {
      return refusal("sha256", "The image changed while it was signed");
    }
    return success(await signRsa(key, whole));
  } finally {
    whole.buffer.transfer(0); // not left to the garbage collector, which has no reason to hurry
  }
}
