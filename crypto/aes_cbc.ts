import { createCipheriv, createDecipheriv } from "node:crypto";
import { type Bytes, concat } from "./bytes.ts";

/** Bytes of an AES-256 key. */
export const AES_KEY_BYTES = 32;
/** Bytes of a block, and of an initialisation vector. */
export const AES_BLOCK_BYTES = 16;

/** Encrypts in pieces of any size, holding back less than a block. One use; dispose of one that is not finished. */
export interface Encryption extends Disposable {
  /** The whole blocks that `piece` completes; may be empty. */
  update(piece: Uint8Array): Bytes;
  /** The last block, with the padding. */
  finish(): Bytes;
}

/** Decrypts in pieces of any size, holding back at most a block. One use; dispose of one that is not finished. */
export interface Decryption extends Disposable {
  /**
   * The blocks that `piece` completes but the last, which may be padding; may be empty. Nothing here is authenticated:
   * verify a signature over the plaintext before acting on it.
   */
  update(piece: Uint8Array): Bytes;
  /** The rest without its padding; `undefined` when the whole is not one or more blocks with PKCS#7 padding at the end. */
  finish(): Bytes | undefined;
}

/**
 * A key for AES-256-CBC with PKCS#7 padding (NIST SP 800-38A section 6.2, RFC 5652 section 6.3). It cannot be read back or
 * printed. node:crypto, because Web Crypto has the whole message in memory.
 */
class AesKey {
  /** Bytes and not a `KeyObject`: the ciphers of Deno 2.6 take no other. */
  readonly #key: Bytes;
  #webKey: Promise<CryptoKey> | undefined;

  constructor(raw: Uint8Array) {
    if (raw.length !== AES_KEY_BYTES) {
      throw new RangeError(`Cannot use an AES key of ${raw.length} bytes: it must be 32`);
    }
    this.#key = Uint8Array.from(raw);
  }

  encryption(iv: Uint8Array): Encryption {
    const cipher = createCipheriv("aes-256-cbc", this.#key, checked(iv));
    const finish = once(() => new Uint8Array(cipher.final()));
    return {
      update: (piece) => new Uint8Array(cipher.update(piece)),
      finish() {
        const last = finish();
        if (last === undefined) throw new Error("Cannot finish the encryption: it was finished before");
        return last;
      },
      [Symbol.dispose]: () => void finish(),
    };
  }

  decryption(iv: Uint8Array): Decryption {
    const decipher = createDecipheriv("aes-256-cbc", this.#key, checked(iv));
    const finish = once(() => new Uint8Array(decipher.final()));
    let received = 0;
    return {
      update(piece) {
        received += piece.length;
        return new Uint8Array(decipher.update(piece));
      },
      finish() {
        const rest = finish();
        return received === 0 ? undefined : rest; // node:crypto takes an empty message for a whole one
      },
      [Symbol.dispose]: () => void finish(),
    };
  }

  async encryptWhole(iv: Bytes, plain: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, await this.#imported(), plain));
  }

  async decryptWhole(iv: Bytes, message: Bytes): Promise<Bytes | undefined> {
    const key = await this.#imported();
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, message));
    } catch {
      return undefined; // no whole blocks, or no padding at the end: Web Crypto tells no more
    }
  }

  #imported(): Promise<CryptoKey> {
    return this.#webKey ??= crypto.subtle.importKey("raw", this.#key, "AES-CBC", false, ["encrypt", "decrypt"]);
  }
}

/** Ends a cipher, whose memory Deno 2.6 keeps until then. `undefined` when its input is cut or its padding wrong. */
function once(final: () => Bytes): () => Bytes | undefined {
  let ended = false;
  return () => {
    if (ended) return undefined;
    ended = true;
    try {
      return final();
    } catch {
      return undefined;
    }
  };
}

export type { AesKey };

function checked<T extends Uint8Array>(iv: T): T {
  if (iv.length !== AES_BLOCK_BYTES) throw new RangeError(`Cannot use an AES IV of ${iv.length} bytes: it must be 16`);
  return iv;
}

/** An opaque key of 32 bytes. Throws a `RangeError` for another length. */
export function importAesKey(raw: Uint8Array): AesKey {
  return new AesKey(raw);
}

/** Starts an encryption. `iv`: 16 bytes, random and never used before with this key. */
export function startEncryption(key: AesKey, iv: Uint8Array): Encryption {
  return key.encryption(iv);
}

/** Starts a decryption. `iv`: the 16 bytes that it was encrypted with. */
export function startDecryption(key: AesKey, iv: Uint8Array): Decryption {
  return key.decryption(iv);
}

/**
 * Whole blocks out of a message, decrypted; `before` is the block in front of them, the IV for the first. So a message can be
 * taken up anywhere. At four times the speed of a stream: Web Crypto, which wants padding at the end, is given a block of it.
 * Nothing here is authenticated.
 */
export async function decryptBlocks(key: AesKey, before: Bytes, blocks: Bytes): Promise<Bytes> {
  const last = blocks.subarray(-AES_BLOCK_BYTES);
  const padding = await key.encryptWhole(checked(last), new Uint8Array());
  const plain = await key.decryptWhole(checked(before), concat(blocks, padding));
  if (plain === undefined) throw new RangeError(`Cannot decrypt ${blocks.length} bytes: they are no whole blocks`);
  return plain;
}

/** As `decryptBlocks`, for the last of a message, without its padding; `undefined` when that is wrong. */
export async function decryptLastBlocks(key: AesKey, before: Bytes, blocks: Bytes): Promise<Bytes | undefined> {
  return await key.decryptWhole(checked(before), blocks);
}

/** The whole message encrypted: 1 to 16 bytes longer. */
export function encryptAesCbc(key: AesKey, iv: Uint8Array, plaintext: Uint8Array): Bytes {
  const encryption = key.encryption(iv);
  return concat(encryption.update(plaintext), encryption.finish());
}

/** The whole message decrypted; `undefined` when it is not one or more blocks with PKCS#7 padding at the end. */
export function decryptAesCbc(key: AesKey, iv: Uint8Array, ciphertext: Uint8Array): Bytes | undefined {
  const decryption = key.decryption(iv);
  const start = decryption.update(ciphertext);
  const rest = decryption.finish();
  return rest && concat(start, rest);
}
