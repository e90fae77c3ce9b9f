import type { Bytes } from "./bytes.ts";
import { formatPem, parsePem } from "./pem.ts";

/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), what the boards in the field verify. */
const SCHEME = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const KEY_BITS = 2048;
const PUBLIC_EXPONENT = Uint8Array.of(1, 0, 1);

/** A private key: a `CryptoKey` that is not extractable. It signs, and cannot be exported or printed. */
class RsaPrivateKey {
  readonly #key: CryptoKey;

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  sign(data: Bytes): Promise<ArrayBuffer> {
    return crypto.subtle.sign(SCHEME, this.#key, data);
  }
}

class RsaPublicKey {
  readonly #key: CryptoKey;

  constructor(key: CryptoKey) {
    this.#key = key;
  }

  verify(data: Bytes, signature: Bytes): Promise<boolean> {
    return crypto.subtle.verify(SCHEME, this.#key, signature, data);
  }
}

export type { RsaPrivateKey, RsaPublicKey };

/**
 * Reads a PKCS#8 PEM text; `undefined` when it is not an RSA-2048 private key.
 *
 * @example
 * ```ts
 * const { privatePem, publicPem } = await generateRsaKeyPair();
 * JSON.stringify(await importRsaPrivateKey(privatePem)); // => "{}"
 * await importRsaPrivateKey(publicPem); // => undefined
 * ```
 */
export async function importRsaPrivateKey(pem: string): Promise<RsaPrivateKey | undefined> {
  const key = await imported("pkcs8", parsePem(pem, "PRIVATE KEY"), "sign");
  return key && new RsaPrivateKey(key);
}

/**
 * Reads an SPKI PEM text; `undefined` when it is not an RSA-2048 public key.
 *
 * @example
 * ```ts
 * const { privatePem, publicPem } = await generateRsaKeyPair();
 * JSON.stringify(await importRsaPublicKey(publicPem)); // => "{}"
 * await importRsaPublicKey(privatePem); // => undefined
 * ```
 */
export async function importRsaPublicKey(pem: string): Promise<RsaPublicKey | undefined> {
  const key = await imported("spki", parsePem(pem, "PUBLIC KEY"), "verify");
  return key && new RsaPublicKey(key);
}

async function imported(
  format: "pkcs8" | "spki",
  der: Bytes | undefined,
  use: "sign" | "verify",
): Promise<CryptoKey | undefined> {
  if (der === undefined) return undefined;
  try {
    const key = await crypto.subtle.importKey(format, der, SCHEME, false, [use]);
    return "modulusLength" in key.algorithm && key.algorithm.modulusLength === KEY_BITS ? key : undefined;
  } catch {
    return undefined; // not DER of such a key
  }
}

/**
 * The signature over SHA-256 of `data`, 256 bytes. `data` is a whole message, of which Web Crypto makes a copy.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const { privatePem } = await generateRsaKeyPair();
 * const key = await importRsaPrivateKey(privatePem);
 * key && (await signRsa(key, utf8("a manifest"))).length; // => 256
 * ```
 */
export async function signRsa(key: RsaPrivateKey, data: Bytes): Promise<Bytes> {
  return new Uint8Array(await key.sign(data));
}

/**
 * Whether `signature` is the private key's over SHA-256 of `data`. False for one of any other form or length.
 *
 * @example
 * ```ts
 * import { utf8 } from "./bytes.ts";
 * const { privatePem, publicPem } = await generateRsaKeyPair();
 * const [privateKey, publicKey] = [await importRsaPrivateKey(privatePem), await importRsaPublicKey(publicPem)];
 * if (!privateKey || !publicKey) throw new Error("these are RSA-2048 keys");
 * const signature = await signRsa(privateKey, utf8("a manifest"));
 * await verifyRsa(publicKey, utf8("a manifest"), signature); // => true
 * await verifyRsa(publicKey, utf8("another"), signature); // => false
 * ```
 */
export function verifyRsa(key: RsaPublicKey, data: Bytes, signature: Bytes): Promise<boolean> {
  return key.verify(data, signature);
}

/**
 * A new RSA-2048 key pair as PEM texts. Keep the private one in a file of mode 0600.
 *
 * @example
 * ```ts
 * const { publicPem } = await generateRsaKeyPair();
 * publicPem.split("\n")[0]; // => "-----BEGIN PUBLIC KEY-----"
 * ```
 */
export async function generateRsaKeyPair(): Promise<{ readonly privatePem: string; readonly publicPem: string }> {
  const parameters = { ...SCHEME, modulusLength: KEY_BITS, publicExponent: PUBLIC_EXPONENT };
  const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const texts = { privatePem: formatPem(pkcs8, "PRIVATE KEY"), publicPem: formatPem(spki, "PUBLIC KEY") };
  pkcs8.fill(0);
  return texts;
}
