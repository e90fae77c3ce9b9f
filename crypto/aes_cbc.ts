import { type Bytes, concat } from "./bytes.ts";

/** Bytes of an AES-256 key. */
export const AES_KEY_BYTES = 32;
/** Bytes of a block, and of an initialisation vector. */
export const AES_BLOCK_BYTES = 16;

/** Bytes of a stream that are held back until there are so many: a call into Web Crypto costs as much as 4 KiB of them. */
const HELD_BYTES = 65_536;

/**
 * A key for AES-256-CBC with PKCS#7 padding (NIST SP 800-38A section 6.2, RFC 5652 section 6.3): a `CryptoKey` that is not
 * extractable.
 */
class AesKey {
  readonly #key: CryptoKey;
  readonly #paddedEnd: Bytes;

  constructor(key: CryptoKey, paddedEnd: Bytes) {
    this.#key = key;
    this.#paddedEnd = paddedEnd;
  }

  encrypt(iv: Bytes, plain: Bytes): Promise<ArrayBuffer> {
    return crypto.subtle.encrypt({ name: "AES-CBC", iv: checked(iv) }, this.#key, plain);
  }

  decrypt(iv: Bytes, message: Bytes): Promise<ArrayBuffer> {
    return crypto.subtle.decrypt({ name: "AES-CBC", iv: checked(iv) }, this.#key, message);
  }

  /** Blocks of a message that goes on, with an end that Web Crypto takes for that of a message. */
  ended(blocks: Bytes): Bytes {
    return concat(blocks, this.#paddedEnd);
  }
}

export type { AesKey };

function checked(iv: Bytes): Bytes {
  if (iv.length !== AES_BLOCK_BYTES) throw new RangeError(`Cannot use an AES IV of ${iv.length} bytes: it must be 16`);
  return iv;
}

/**
 * A key of 32 bytes; the caller may overwrite them afterwards. Rejects with a `RangeError` for another length.
 *
 * @example
 * ```ts
 * JSON.stringify(await importAesKey(crypto.getRandomValues(new Uint8Array(32)))); // => "{}"
 * ```
 */
export async function importAesKey(raw: Bytes): Promise<AesKey> {
  if (raw.length !== AES_KEY_BYTES) {
    throw new RangeError(`Cannot use an AES key of ${raw.length} bytes: it must be ${AES_KEY_BYTES}`);
  }
  const key = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["encrypt", "decrypt"]);
  return new AesKey(key, await paddedEnd(key));
}

/**
 * A block of padding that counts as encrypted, and the encrypted block of zeros. Decrypted, the second comes to zeros XOR the
 * first: PKCS#7 padding of a whole block, whatever stands in front of them.
 */
async function paddedEnd(key: CryptoKey): Promise<Bytes> {
  const zeros = new Uint8Array(AES_BLOCK_BYTES);
  const encrypted = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv: zeros }, key, zeros));
  return concat(new Uint8Array(AES_BLOCK_BYTES).fill(AES_BLOCK_BYTES), encrypted.subarray(0, AES_BLOCK_BYTES));
}

/**
 * The whole message encrypted: 1 to 16 bytes longer. `iv`: 16 bytes, random and never used before with this key.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const key = await importAesKey(new Uint8Array(32).fill(7));
 * const iv = new Uint8Array(16).fill(9);
 * const message = await encryptAesCbc(key, iv, utf8("an image"));
 * await decryptAesCbc(key, iv, message); // => utf8("an image")
 * ```
 */
export async function encryptAesCbc(key: AesKey, iv: Bytes, plain: Bytes): Promise<Bytes> {
  return new Uint8Array(await key.encrypt(iv, plain));
}

/**
 * The whole message decrypted; `undefined` when it is not one or more blocks with PKCS#7 padding at the end. Nothing here is
 * authenticated. The end of a message is one as well, with the block in front of it for `iv`.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const [key, iv] = [await importAesKey(new Uint8Array(32)), new Uint8Array(16)];
 * await decryptAesCbc(key, iv, await encryptAesCbc(key, iv, utf8("an image"))); // => utf8("an image")
 * await decryptAesCbc(key, iv, new Uint8Array(15)); // => undefined
 * ```
 */
export async function decryptAesCbc(key: AesKey, iv: Bytes, message: Bytes): Promise<Bytes | undefined> {
  checked(iv);
  try {
    return new Uint8Array(await key.decrypt(iv, message));
  } catch {
    return undefined; // no whole blocks, or no padding at the end: Web Crypto tells no more
  }
}

/**
 * Whole blocks of a message that goes on, encrypted; `before` is the encrypted block in front of them, the IV for the first.
 *
 * @example
 * ```ts
 * import { concat } from "./bytes.ts";
 * const key = await importAesKey(new Uint8Array(32).fill(7));
 * const iv = new Uint8Array(16).fill(9);
 * const start = await encryptBlocks(key, iv, new Uint8Array(32));
 * const end = await encryptAesCbc(key, start.slice(-16), new Uint8Array(5));
 * concat(start, end); // => await encryptAesCbc(key, iv, new Uint8Array(37))
 * ```
 */
export async function encryptBlocks(key: AesKey, before: Bytes, blocks: Bytes): Promise<Bytes> {
  if (blocks.length % AES_BLOCK_BYTES !== 0) throw notWhole("encrypt", blocks);
  const withPadding = await encryptAesCbc(key, before, blocks);
  return withPadding.subarray(0, blocks.length);
}

/**
 * Whole blocks out of a message, decrypted; `before` is the block in front of them, the IV for the first. So a message can be
 * taken up anywhere. Web Crypto, which wants padding at the end, is given two blocks that come to it. Nothing here is
 * authenticated.
 *
 * @example
 * ```ts
 * const key = await importAesKey(new Uint8Array(32).fill(7));
 * const iv = new Uint8Array(16).fill(9);
 * const message = await encryptAesCbc(key, iv, new Uint8Array(40).fill(1));
 * await decryptBlocks(key, message.slice(0, 16), message.slice(16, 32)); // => new Uint8Array(16).fill(1)
 * ```
 */
export async function decryptBlocks(key: AesKey, before: Bytes, blocks: Bytes): Promise<Bytes> {
  if (blocks.length === 0) throw notWhole("decrypt", blocks);
  const plain = await decryptAesCbc(key, before, key.ended(blocks));
  if (plain === undefined) throw notWhole("decrypt", blocks);
  return plain.subarray(0, blocks.length);
}

function notWhole(what: "encrypt" | "decrypt", { length }: Bytes): RangeError {
  return new RangeError(`Cannot ${what} ${length} bytes: they are no whole blocks`);
}

/** Encrypts a message that comes in pieces of any size, in constant memory. One use; one call after the other. */
interface Encryption {
  /** The next blocks, as soon as there are many; may be empty. */
  update(piece: Uint8Array): Promise<Bytes>;
  /** The rest, with the padding. */
  finish(): Promise<Bytes>;
}

/** Decrypts a message that comes in pieces of any size, in constant memory. One use; one call after the other. */
interface Decryption {
  /**
   * The next blocks, as soon as there are many, but the last, which may be padding; may be empty. Nothing here is
   * authenticated: verify the plaintext before acting on it.
   */
  update(piece: Uint8Array): Promise<Bytes>;
  /** The rest without its padding; `undefined` when the whole is not one or more blocks with PKCS#7 padding at the end. */
  finish(): Promise<Bytes | undefined>;
}

/**
 * Starts an encryption. `iv`: 16 bytes, random and never used before with this key.
 *
 * @example
 * ```ts
 * import { concat, utf8 } from "./bytes.ts";
 * const [key, iv] = [await importAesKey(new Uint8Array(32)), new Uint8Array(16)];
 * const encryption = startEncryption(key, iv);
 * const start = await encryption.update(utf8("an im"));
 * const message = concat(start, await encryption.update(utf8("age")), await encryption.finish());
 * message; // => await encryptAesCbc(key, iv, utf8("an image"))
 * ```
 */
export function startEncryption(key: AesKey, iv: Bytes): Encryption {
  const held = new Held(0);
  let before = checked(iv).slice();
  return {
    async update(piece) {
      const blocks = held.add(piece);
      if (blocks === undefined) return new Uint8Array();
      const encrypted = await encryptBlocks(key, before, blocks);
      before = encrypted.slice(-AES_BLOCK_BYTES);
      return encrypted;
    },
    finish: () => encryptAesCbc(key, before, held.rest()),
  };
}

/**
 * Starts a decryption. `iv`: the 16 bytes that it was encrypted with.
 *
 * @example
 * ```ts
 * import { concat, utf8 } from "./bytes.ts";
 * const [key, iv] = [await importAesKey(new Uint8Array(32)), new Uint8Array(16)];
 * const decryption = startDecryption(key, iv);
 * const start = await decryption.update(await encryptAesCbc(key, iv, utf8("an image")));
 * concat(start, await decryption.finish() ?? new Uint8Array()); // => utf8("an image")
 * ```
 */
export function startDecryption(key: AesKey, iv: Bytes): Decryption {
  const held = new Held(1);
  let before = checked(iv).slice();
  return {
    async update(piece) {
      const blocks = held.add(piece);
      if (blocks === undefined) return new Uint8Array();
      const plain = await decryptBlocks(key, before, blocks);
      before = blocks.slice(-AES_BLOCK_BYTES);
      return plain;
    },
    finish: () => decryptAesCbc(key, before, held.rest()),
  };
}

/** What of a stream has not been given on. */
class Held {
  readonly #back: number;
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** `back`: bytes that stay in any case. With 1 the last block does, wherever the stream ends. */
  constructor(back: 0 | 1) {
    this.#back = back;
  }

  /** All whole blocks, when there are enough; the caller may overwrite `piece` afterwards. */
  add(piece: Uint8Array): Bytes | undefined {
    this.#pieces.push(piece.slice());
    this.#length += piece.length;
    if (this.#length < HELD_BYTES + this.#back) return undefined;
    const whole = this.rest();
    const end = whole.length - this.#back;
    const blocks = end - end % AES_BLOCK_BYTES;
    this.#pieces = [whole.slice(blocks)];
    this.#length = whole.length - blocks;
    return whole.subarray(0, blocks);
  }

  rest(): Bytes {
    return concat(...this.#pieces);
  }
}
