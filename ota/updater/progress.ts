import { z } from "zod";
import { fromHex, toHex } from "../../crypto/bytes.ts";
import { AES_BLOCK_BYTES, type AesKey, type Decryption, startDecryption } from "../../crypto/aes_cbc.ts";
import { bytesOf, type Manifest, Sha256Hex } from "../../protocol/ota/manifest.ts";
import { readText, removeFile, replaceFile } from "../slots/durable.ts";
import type { SlotFiles } from "../slots/files.ts";

const PATH = "download.json";

/** How far a download has come. All of it is on disk. */
export const Progress = z.object({
  /** SHA-256 of the manifest. */
  image: Sha256Hex,
  slot: z.enum(["a", "b"]),
  /** The next chunk to be had. */
  next: z.int().min(0),
  /** Bytes of the plain image that are in the slot. */
  written: z.int().min(0),
  /** The last two cipher blocks (the IV before the first), in hex: decryption goes on from them. */
  tail: z.string().regex(/^([0-9a-f]{32}){1,2}$/),
});
export type Progress = Readonly<z.infer<typeof Progress>>;

/** Nothing of it is here yet. */
export function atStart(image: string, slot: Progress["slot"], manifest: Manifest): Progress {
  return { image, slot, next: 0, written: 0, tail: toHex(bytesOf(manifest.iv)) };
}

/** The decryption where it was left: its last block is held back in case it is padding, so it is fed again. */
export function resumed(key: AesKey, { tail }: Progress): Decryption {
  const blocks = fromHex(tail) ?? new Uint8Array(AES_BLOCK_BYTES);
  const decryption = startDecryption(key, blocks.subarray(0, AES_BLOCK_BYTES));
  if (blocks.length > AES_BLOCK_BYTES) decryption.update(blocks.subarray(AES_BLOCK_BYTES));
  return decryption;
}

/** The tail after another chunk, which is whole blocks. */
export function tailAfter(tail: string, chunk: Uint8Array): string {
  return (tail + toHex(chunk.subarray(Math.max(0, chunk.length - 2 * AES_BLOCK_BYTES)))).slice(-4 * AES_BLOCK_BYTES);
}

/** What was downloaded before this process; `undefined` when there is nothing to go on from. */
export async function loadProgress(files: SlotFiles): Promise<Progress | undefined> {
  const text = await readText(files, PATH);
  if (text === undefined) return undefined;
  try {
    return Progress.parse(JSON.parse(text));
  } catch {
    return undefined; // it is begun anew then
  }
}

export async function storeProgress(files: SlotFiles, progress: Progress): Promise<void> {
  await replaceFile(files, PATH, JSON.stringify(progress));
}

export async function forgetProgress(files: SlotFiles): Promise<void> {
  await removeFile(files, PATH);
}
