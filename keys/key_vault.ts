import { join } from "node:path";
import { decryptAesGcm, encryptAesGcm, GCM_KEY_BYTES, GCM_NONCE_BYTES, importGcmKey } from "../crypto/aes_gcm.ts";
import { type Bytes, concat, utf8 } from "../crypto/bytes.ts";
import { syncDirectory } from "../platform/files.ts";
import type { Random } from "../platform/random.ts";

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

/** The vault over `master.key` in the data directory, which is made (mode 0600) when it is missing. */
export async function openKeyVault(dataDir: string, random: Random): Promise<KeyVault> {
  const path = join(dataDir, "master.key");
  const existing = await readIfPresent(path);
  if (existing !== undefined) return await createKeyVault(existing, random);
  await createOnce(path, random.bytes(GCM_KEY_BYTES));
  return await createKeyVault(await Deno.readFile(path), random);
}

async function readIfPresent(path: string): Promise<Bytes | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Writes a file that did not exist; leaves it alone when another process was faster. Never half of it. */
async function createOnce(path: string, content: Bytes): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    for (let offset = 0; offset < content.length;) offset += await file.write(content.subarray(offset));
    await file.sync();
  }
  try {
    await Deno.link(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(temporary);
  }
  await syncDirectory(join(path, ".."));
}
