import { type Bytes, toHex } from "../../crypto/bytes.ts";
import { type RsaPrivateKey, signRsa } from "../../crypto/rsa.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { PlainImage, Sink } from "../chunks/image_stream.ts";
import type { FirmwareFault } from "../manifest/firmware.ts";

/**
 * The signature over a plain image, which Web Crypto takes as a whole message: in memory, and freed before this resolves.
 * `undefined` for an image that has more than `most` bytes. `bring` gives the image's bytes, the ones that were measured.
 *
 * @example
 * ```ts
 * import { generateRsaKeyPair, importRsaPrivateKey } from "../../crypto/rsa.ts";
 * import { measure } from "../chunks/image_stream.ts";
 * const plain = async function* () { yield new Uint8Array([0x7f, 2, 3]); };
 * const key = await importRsaPrivateKey((await generateRsaKeyPair()).privatePem);
 * const image = await measure(plain());
 * const bring: Parameters<typeof signWhole>[1] = (sink) => measure(plain(), sink);
 * const signed = key && image.ok && await signWhole(image.value, bring, { key, most: 1024 });
 * signed && signed.ok && signed.value?.length; // => 256
 * ```
 */
export async function signWhole(
  { size, sha256: measured }: Pick<PlainImage, "size" | "sha256">,
  bring: (sink: Sink) => Promise<Outcome<unknown, FirmwareFault>>,
  { key, most }: { readonly key: RsaPrivateKey; readonly most: number },
): Promise<Outcome<Bytes | undefined, FirmwareFault>> {
  if (size > most) return success(undefined);
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
