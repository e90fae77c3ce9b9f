import { createCipheriv, createDecipheriv } from "node:crypto";
import { join } from "node:path";
import { type Bytes, concat, utf8 } from "../crypto/bytes.ts";
import { syncDirectory } from "../platform/files.ts";
import type { Random } from "../platform/random.ts";

const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** Seals secrets so that a copy of the database alone gives none away. */
export interface KeyVault {
  /** AES-256-GCM (NIST SP 800-38D): nonce ‖ ciphertext ‖ tag. `context` says whose secret it is and is authenticated. */
  seal(secret: Uint8Array, context: string): Bytes;
  /** The secret, or `undefined` when it was sealed by another vault, for another context, or was altered. */
  unseal(sealed: Uint8Array, context: string): Bytes | undefined;
}

/** A vault over 32 bytes that are kept apart from the database. */
export function createKeyVault(masterKey: Uint8Array, random: Random): KeyVault {
  if (masterKey.length !== KEY_LENGTH) {
    throw new Error(`Cannot use the gateway's master key: it has ${masterKey.length} bytes, needed are ${KEY_LENGTH}`);
  }
  return {
    seal(secret, context) {
      const nonce = random.bytes(NONCE_LENGTH);
      const cipher = createCipheriv("aes-256-gcm", masterKey, nonce).setAAD(utf8(context));
      return concat(nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag());
    },
    unseal(sealed, context) {
      if (sealed.length < NONCE_LENGTH + TAG_LENGTH) return undefined;
      const end = sealed.length - TAG_LENGTH;
      try {
        const decipher = createDecipheriv("aes-256-gcm", masterKey, sealed.subarray(0, NONCE_LENGTH));
        decipher.setAAD(utf8(context)).setAuthTag(sealed.subarray(end));
        return concat(decipher.update(sealed.subarray(NONCE_LENGTH, end)), decipher.final());
      } catch {
        return undefined; // the tag does not match
      }
    },
  };
}

/** The vault over `master.key` in the data directory, which is made (mode 0600) when it is missing. */
export async function openKeyVault(dataDir: string, random: Random): Promise<KeyVault> {
  const path = join(dataDir, "master.key");
  const existing = await readIfPresent(path);
  if (existing !== undefined) return createKeyVault(existing, random);
  await createOnce(path, random.bytes(KEY_LENGTH));
  return createKeyVault(await Deno.readFile(path), random);
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Writes a file that did not exist; leaves it alone when another process was faster. Never half of it. */
async function createOnce(path: string, content: Uint8Array): Promise<void> {
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
