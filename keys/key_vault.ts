import { join } from "node:path";
import { decryptAesGcm, encryptAesGcm, GCM_KEY_BYTES, GCM_NONCE_BYTES, importGcmKey } from "../crypto/aes_gcm.ts";
import { type Bytes, concat, toHex, utf8 } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/sha256.ts";
import type { Random } from "../platform/random.ts";
import { createSecretFile, readSecret, SecretFileError, type WarnOfSecret } from "./secret_file.ts";

/** Seals secrets so that a copy of the database alone gives none away. */
export interface KeyVault {
  /** AES-256-GCM (NIST SP 800-38D): nonce ‖ ciphertext ‖ tag. `context` says whose secret it is and is authenticated. */
  seal(secret: Bytes, context: string): Promise<Bytes>;
  /** The secret, or `undefined` when it was sealed by another vault, for another context, or was altered. */
  unseal(sealed: Bytes, context: string): Promise<Bytes | undefined>;
}

/** A vault over 32 bytes that are kept apart from the database. Rejects for another length. */
export async function createKeyVault(masterKey: Bytes, random: Random): Promise<KeyVault> {
  if (masterKey.length !== GCM_KEY_BYTES) {
    throw new Error(
      `Cannot use the gateway's master key: it has ${masterKey.length} bytes, needed are ${GCM_KEY_BYTES}`,
    );
  }
  const key = await importGcmKey(masterKey);
  return {
    async seal(secret, context) {
      const nonce = random.bytes(GCM_NONCE_BYTES);
      return concat(nonce, await encryptAesGcm(key, { nonce, additional: utf8(context) }, secret));
    },
    async unseal(sealed, context) {
      if (sealed.length < GCM_NONCE_BYTES) return undefined;
      const nonce = sealed.subarray(0, GCM_NONCE_BYTES);
      return await decryptAesGcm(key, { nonce, additional: utf8(context) }, sealed.subarray(GCM_NONCE_BYTES));
    },
  };
}

/** The key over which a gateway's vault is, in its data directory. */
export function masterKeyPath(dataDir: string): string {
  return join(dataDir, "master.key");
}

/** Says which master key a data directory has, without giving it away; `undefined` when it has none. */
export async function masterKeyId(dataDir: string): Promise<string | undefined> {
  const key = await readMasterKey(dataDir);
  return key && toHex(sha256(concat(utf8("ecowatt master key id"), key))).slice(0, 16);
}

/**
 * The vault over the master key in the data directory, which is made (mode 0600) when it is missing. `warn` is told when
 * others can read it.
 */
export async function openKeyVault(dataDir: string, random: Random, warn?: WarnOfSecret): Promise<KeyVault> {
  const existing = await readMasterKey(dataDir, warn);
  if (existing !== undefined) return await createKeyVault(existing, random);
  await createSecretFile(masterKeyPath(dataDir), random.bytes(GCM_KEY_BYTES)); // another process may have been faster
  return await createKeyVault(await readSecret(masterKeyPath(dataDir), warn), random);
}

/** Without it the gateway knows no device any more: one that others can read is told, and used. */
async function readMasterKey(dataDir: string, warn: WarnOfSecret = () => {}): Promise<Bytes | undefined> {
  try {
    return await readSecret(masterKeyPath(dataDir), warn);
  } catch (error) {
    if (error instanceof SecretFileError && error.code === "missing") return undefined;
    throw error;
  }
}
