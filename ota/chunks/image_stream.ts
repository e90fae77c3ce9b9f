import { type AesKey, startDecryption, startEncryption } from "../../crypto/aes_cbc.ts";
import { type Bytes, toHex } from "../../crypto/bytes.ts";
import { createSha256 } from "../../crypto/sha256.ts";
import { BOARD_IMAGE_MAGIC, MAX_IMAGE_BYTES } from "../manifest/limits.ts";
import type { Audience } from "../../keys/chunk_key.ts";
import type { FirmwareFault } from "../manifest/firmware.ts";
import type { Pieces } from "../repository/firmware_repository.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";

/** Takes bytes, in order. */
export type Sink = (piece: Uint8Array) => Promise<void>;

/** What is known of a plain image once it has passed. */
export interface PlainImage {
  readonly size: number;
  readonly sha256: string;
  /** Its first byte. */
  readonly first: number;
}

const nowhere: Sink = () => Promise.resolve();

/**
 * Measures a plain image that passes in pieces, in constant memory. Refuses one that is empty or over 512 MiB.
 *
 * @example
 * ```ts
 * const pieces = async function* () { yield new Uint8Array([0x7f, 2]); yield new Uint8Array([3]); };
 * const image = await measure(pieces());
 * image.ok && [image.value.size, image.value.first]; // => [3, 0x7f]
 * ```
 */
export async function measure(plain: Pieces, sink = nowhere): Promise<Outcome<PlainImage, FirmwareFault>> {
  const hash = createSha256();
  let size = 0;
  let first = 0;
  for await (const piece of plain) {
    if (piece.length === 0) continue;
    if (size === 0) first = piece[0] ?? 0;
    size += piece.length;
    if (size > MAX_IMAGE_BYTES) return refusal("too_large", "The image is larger than 512 MiB");
    hash.update(piece);
    await sink(piece);
  }
  if (size === 0) return refusal("empty", "The image is empty");
  return success({ size, first, sha256: toHex(hash.digest()) });
}

/** What an image is encrypted with. */
export interface ImageCipher {
  readonly key: AesKey;
  readonly iv: Bytes;
}

/**
 * Encrypts an image that passes, in constant memory.
 *
 * @example
 * ```ts
 * import { importAesKey } from "../../crypto/aes_cbc.ts";
 * const cipher = { key: await importAesKey(new Uint8Array(32)), iv: new Uint8Array(16) };
 * let bytes = 0;
 * const count = (piece: Uint8Array) => Promise.resolve(void (bytes += piece.length));
 * const plain = async function* () { yield new Uint8Array(20); };
 * await encryptImage(plain(), count, cipher);
 * bytes; // => 32
 * ```
 */
export async function encryptImage(
  plain: Pieces,
  sink: Sink,
  { key, iv }: ImageCipher,
): Promise<Outcome<PlainImage, FirmwareFault>> {
  const encryption = startEncryption(key, iv);
  const image = await measure(plain, async (piece) => await sink(await encryption.update(piece)));
  if (image.ok) await sink(await encryption.finish());
  return image;
}

/**
 * Measures the plain image inside an encrypted one, in constant memory; the sinks see the bytes go by.
 *
 * @example
 * ```ts
 * import { encryptAesCbc, importAesKey } from "../../crypto/aes_cbc.ts";
 * const cipher = { key: await importAesKey(new Uint8Array(32)), iv: new Uint8Array(16) };
 * const message = await encryptAesCbc(cipher.key, cipher.iv, new Uint8Array(20));
 * const encrypted = async function* () { yield message; };
 * const image = await decryptImage(encrypted(), cipher);
 * image.ok && image.value.size; // => 20
 * ```
 */
export async function decryptImage(
  encrypted: Pieces,
  { key, iv }: ImageCipher,
  sinks: { readonly encrypted?: Sink; readonly plain?: Sink } = {},
): Promise<Outcome<PlainImage, FirmwareFault>> {
  const decryption = startDecryption(key, iv);
  const { encrypted: seen = nowhere } = sinks;
  let padded = true;
  async function* plain() {
    for await (const piece of encrypted) {
      await seen(piece);
      yield await decryption.update(piece);
    }
    const rest = await decryption.finish();
    if (rest) yield rest;
    padded = rest !== undefined;
  }
  const image = await measure(plain(), sinks.plain);
  if (!padded) return refusal("padding", "The image does not decrypt with this key: its padding is wrong");
  return image;
}

/**
 * Boards start nothing that begins otherwise.
 *
 * @example
 * ```ts
 * fitsAudience({ size: 4, sha256: "", first: 0xe9 }, "board").ok; // => true
 * fitsAudience({ size: 4, sha256: "", first: 0x7f }, "board").ok; // => false
 * ```
 */
export function fitsAudience({ first }: PlainImage, audience: Audience): Outcome<undefined, FirmwareFault> {
  if (audience === "node" || first === BOARD_IMAGE_MAGIC) return success(undefined);
  return refusal("not_a_board_image", "The image does not begin with the byte 0xE9: boards cannot start it");
}
