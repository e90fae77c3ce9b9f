import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, createSign, createVerify, type KeyObject } from "node:crypto";
import type { Bytes } from "./bytes.ts";
import { formatPem, parsePem } from "./pem.ts";

/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), what the boards in the field verify. */
const SCHEME = "RSA-SHA256";
const KEY_BITS = 2048;
const PUBLIC_EXPONENT = Uint8Array.of(1, 0, 1);

/** Signs what comes in pieces, in constant memory. One use. */
export interface Signing {
  update(piece: Uint8Array): void;
  /** The signature over SHA-256 of all pieces, 256 bytes. */
  sign(): Bytes;
}

/** Verifies what comes in pieces, in constant memory. One use. */
export interface Verification {
  update(piece: Uint8Array): void;
  /** Whether `signature` is the key's over all pieces. False for one of any other form or length. */
  verify(signature: Uint8Array): boolean;
}

/** Keeps its key to itself: it signs, and cannot be exported or printed. */
class RsaPrivateKey {
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  start(): Signing {
    const signing = createSign(SCHEME);
    return {
      update: (piece) => void signing.update(piece),
      sign: () => new Uint8Array(signing.sign(this.#key)),
    };
  }
}

class RsaPublicKey {
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  start(): Verification {
    const verification = createVerify(SCHEME);
    return {
      update: (piece) => void verification.update(piece),
      verify: (signature) => verification.verify(this.#key, signature),
    };
  }
}

export type { RsaPrivateKey, RsaPublicKey };

/** Reads a PKCS#8 PEM text; `undefined` when it is not an RSA-2048 private key. */
export function importRsaPrivateKey(pem: string): RsaPrivateKey | undefined {
  const der = parsePem(pem, "PRIVATE KEY");
  const key = der && rsaKey(() => createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }));
  return key && new RsaPrivateKey(key);
}

/** Reads an SPKI PEM text; `undefined` when it is not an RSA-2048 public key. */
export function importRsaPublicKey(pem: string): RsaPublicKey | undefined {
  const der = parsePem(pem, "PUBLIC KEY");
  const key = der && rsaKey(() => createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" }));
  return key && new RsaPublicKey(key);
}

function rsaKey(parse: () => KeyObject): KeyObject | undefined {
  try {
    const key = parse();
    const bits = key.asymmetricKeyDetails?.modulusLength;
    return key.asymmetricKeyType === "rsa" && bits === KEY_BITS ? key : undefined;
  } catch {
    return undefined; // not DER of such a key
  }
}

/** Starts a signature over pieces. Web Crypto wants the whole firmware in memory, so this is node:crypto's (ADR 011). */
export function startRsaSigning(key: RsaPrivateKey): Signing {
  return key.start();
}

/** Starts a verification over pieces. */
export function startRsaVerification(key: RsaPublicKey): Verification {
  return key.start();
}

/** The signature over SHA-256 of `data`, 256 bytes. */
export function signRsa(key: RsaPrivateKey, data: Uint8Array): Bytes {
  const signing = key.start();
  signing.update(data);
  return signing.sign();
}

/** Whether `signature` is the private key's over SHA-256 of `data`. False for one of any other form or length. */
export function verifyRsa(key: RsaPublicKey, data: Uint8Array, signature: Uint8Array): boolean {
  const verification = key.start();
  verification.update(data);
  return verification.verify(signature);
}

/** A new RSA-2048 key pair as PEM texts. Keep the private one in a file of mode 0600. */
export async function generateRsaKeyPair(): Promise<{ readonly privatePem: string; readonly publicPem: string }> {
  const parameters = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: KEY_BITS,
    publicExponent: PUBLIC_EXPONENT,
  };
  const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const texts = { privatePem: formatPem(pkcs8, "PRIVATE KEY"), publicPem: formatPem(spki, "PUBLIC KEY") };
  pkcs8.fill(0);
  return texts;
}
