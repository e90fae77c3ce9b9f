import { join } from "node:path";
import { AES_KEY_BYTES, type AesKey, importAesKey } from "../crypto/aes_cbc.ts";
import { type Bytes, fromHex, toHex } from "../crypto/bytes.ts";
import type { HmacKey } from "../crypto/hmac.ts";
import {
  generateRsaKeyPair,
  importRsaPrivateKey,
  importRsaPublicKey,
  type RsaPrivateKey,
  type RsaPublicKey,
} from "../crypto/rsa.ts";
import { syncDirectory } from "../platform/files.ts";
import type { Random } from "../platform/random.ts";
import { readHexKey, readSecretFile, SecretFileError, writeNewSecretFile } from "./secret_file.ts";
import { type Audience, CHUNK_KEY_BYTES, importChunkKey } from "./chunk_key.ts";

const PRIVATE_PEM = "signing_private.pem";
const PUBLIC_PEM = "signing_public.pem";
const AES_KEY = "image_aes.key";
const CHUNK_KEY = "chunk_hmac.key";

/** The keys that firmware of one family of devices is made with. */
export interface KeySet {
  /** `undefined` where images are signed on another machine. */
  readonly privateKey: RsaPrivateKey | undefined;
  readonly publicKey: RsaPublicKey;
  readonly aes: AesKey;
  readonly chunkKeys: Readonly<Record<Audience, HmacKey>>;
}

/** Keys as they are handed to devices and written to files. Secret, but for the public key. */
export interface KeyMaterial {
  readonly publicPem: string;
  readonly privatePem?: string;
  /** 32 bytes each. */
  readonly aes: Bytes;
  readonly chunk: Bytes;
}

/** New keys: an RSA-2048 pair for signatures, AES-256 for images, HMAC for chunks. */
export async function generateKeyMaterial(random: Random): Promise<KeyMaterial> {
  return { ...await generateRsaKeyPair(), aes: random.bytes(32), chunk: random.bytes(32) };
}

/**
 * Keeps keys under a name: files of mode 0600 in a folder of their own, all of them or none. Throws an `Error` for people when
 * the name is taken (keys are never overwritten) or a key is not of its form.
 */
export async function writeKeySet(folder: string, name: string, material: KeyMaterial): Promise<void> {
  await imported(material);
  const target = join(folder, name);
  const temporary = join(folder, `.new-${crypto.randomUUID()}`);
  await Deno.mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    await writeNewSecretFile(join(temporary, PUBLIC_PEM), material.publicPem.trimEnd());
    if (material.privatePem !== undefined) {
      await writeNewSecretFile(join(temporary, PRIVATE_PEM), material.privatePem.trimEnd());
    }
    await writeNewSecretFile(join(temporary, AES_KEY), toHex(material.aes));
    await writeNewSecretFile(join(temporary, CHUNK_KEY), toHex(material.chunk));
    await take(temporary, target, name);
    await syncDirectory(folder);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    throw error;
  }
}

/** A directory that has files cannot be renamed over: the system itself refuses to overwrite. */
async function take(temporary: string, target: string, name: string): Promise<void> {
  try {
    await Deno.rename(temporary, target);
  } catch (cause) {
    throw new Error(`Cannot write the firmware keys "${name}": they exist already and are not overwritten`, { cause });
  }
}

/** The keys ready for use. Rejects with an `Error` for people when one is not of its form. */
async function imported({ publicPem, privatePem, aes, chunk }: KeyMaterial): Promise<KeySet> {
  const publicKey = await importRsaPublicKey(publicPem);
  if (!publicKey) throw new Error("The public key is not an RSA-2048 key in PEM (PUBLIC KEY)");
  const privateKey = privatePem === undefined ? undefined : await importRsaPrivateKey(privatePem);
  if (privatePem !== undefined && !privateKey) {
    throw new Error("The private key is not an RSA-2048 key in PEM (PRIVATE KEY)");
  }
  if (aes.length !== AES_KEY_BYTES) throw new Error("The AES key does not have 32 bytes");
  if (chunk.length !== CHUNK_KEY_BYTES) throw new Error("The chunk key does not have 32 bytes");
  const chunkKeys = { board: await importChunkKey(chunk, "board"), node: await importChunkKey(chunk, "node") };
  return { publicKey, privateKey, aes: await importAesKey(aes), chunkKeys };
}

/** Reads keys that `writeKeySet` kept. Throws an `Error` for people, which never shows a key. */
export async function readKeyMaterial(folder: string, name: string): Promise<KeyMaterial> {
  const path = (file: string) => join(folder, name, file);
  const privatePem = await optional(() => readSecretFile(path(PRIVATE_PEM)));
  return {
    publicPem: `${await readSecretFile(path(PUBLIC_PEM))}\n`,
    ...(privatePem === undefined ? {} : { privatePem: `${privatePem}\n` }),
    aes: await hexKey(path(AES_KEY)),
    chunk: await hexKey(path(CHUNK_KEY)),
  };
}

/** The keys ready for use; the raw ones do not leave here. */
export async function openKeySet(folder: string, name: string): Promise<KeySet> {
  return await imported(await readKeyMaterial(folder, name));
}

async function optional(read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SecretFileError && error.code === "missing") return undefined;
    throw error;
  }
}

async function hexKey(path: string): Promise<Bytes> {
  return fromHex(await readHexKey(path)) ?? new Uint8Array();
}
