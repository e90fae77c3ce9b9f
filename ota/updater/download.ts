import type { AesKey } from "../../crypto/aes_cbc.ts";
import type { Bytes } from "../../crypto/bytes.ts";
import type { HmacKey } from "../../crypto/hmac.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { verifyChunkHmac } from "../../protocol/ota/chunk_hmac.ts";
import { FetchedChunk } from "../../protocol/ota/fetched_chunk.ts";
import type { Manifest } from "../../protocol/ota/manifest.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { SlotFiles } from "../slots/files.ts";
import type { SlotName } from "../slots/trial.ts";
import { Pace } from "./pace.ts";
import { atStart, loadProgress, type Progress, resumed, storeProgress, tailAfter } from "./progress.ts";
import type { Gateway } from "./reply.ts";

/** Requests for one chunk that may bring a damaged one. */
const MAX_DAMAGED = 3;
/** Bounds of the pause while the gateway does not answer, milliseconds. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 300_000;

/** What a download stands on. */
export interface DownloadIo {
  readonly device: string;
  readonly files: SlotFiles;
  readonly gateway: Gateway;
  readonly keys: { readonly image: AesKey; readonly chunks: HmacKey };
  /** Bytes a second at most. */
  readonly rateLimit?: number;
  readonly clock: Clock;
  readonly random: Pick<Random, "float">;
  /** Called after every chunk that is on disk. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What is to be downloaded, and where to. */
export interface Wanted {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest. */
  readonly image: string;
  readonly slot: SlotName;
}

/** Why a download ended. `stopped`: the signal; all others are the server's fault or the image's. */
export type DownloadFault =
  | "stopped"
  | "refused"
  | "too_slow"
  | "chunk_number"
  | "chunk_size"
  | "chunk_hmac"
  | "decrypt";

/** Where the image grows before it has passed every check. */
export function partOf(slot: SlotName): string {
  return `${slot}/ecowatt.part`;
}

/**
 * Brings the image into its slot, chunk by chunk: each is authenticated, decrypted, and on disk with the place to go on
 * from before the next is asked for. So an interruption of any kind costs one chunk. Waits as long as nobody answers.
 */
export async function download(
  wanted: Wanted,
  io: DownloadIo,
  signal: AbortSignal,
): Promise<Outcome<Progress, DownloadFault>> {
  let progress = await begin(wanted, io.files);
  const pace = new Pace(io.rateLimit);
  using decryption = resumed(io.keys.image, progress);
  while (progress.next < wanted.manifest.total_chunks) {
    const started = io.clock.monotonic();
    const chunk = await fetchChunk(wanted.manifest, progress.next, io, signal);
    if (!chunk.ok) return chunk;
    const pause = pace.came(chunk.value.bytes.length, chunk.value.tookMs);
    const kept = await keep(wanted, progress, { chunk: chunk.value.bytes, decryption }, io.files);
    if (!kept.ok) return kept;
    progress = kept.value;
    io.onProgress?.(progress);
    const slow = pace.fault();
    if (slow !== undefined) return refusal("too_slow", slow);
    if (progress.next < wanted.manifest.total_chunks) {
      await io.clock.sleep(pause - (io.clock.monotonic() - started - chunk.value.tookMs), signal);
    }
  }
  return success(progress);
}

/** Where to go on; everything anew when another image was begun, or its bytes are not there. */
async function begin({ manifest, image, slot }: Wanted, files: SlotFiles): Promise<Progress> {
  const found = await loadProgress(files);
  const size = await files.size(partOf(slot)) ?? 0;
  if (found?.image === image && found.slot === slot && found.written <= size) return found;
  const fresh = atStart(image, slot, manifest);
  await files.unlink(partOf(slot));
  await storeProgress(files, fresh);
  return fresh;
}

interface Step {
  readonly chunk: Uint8Array;
  readonly decryption: { update(piece: Uint8Array): Bytes; finish(): Bytes | undefined };
}

async function keep(
  { manifest, slot }: Wanted,
  progress: Progress,
  { chunk, decryption }: Step,
  files: SlotFiles,
): Promise<Outcome<Progress, "decrypt">> {
  const path = partOf(slot);
  const plain = decryption.update(chunk);
  await files.write(path, progress.written, plain);
  let written = progress.written + plain.length;
  if (progress.next === manifest.total_chunks - 1) {
    const rest = decryption.finish();
    if (rest === undefined) return refusal("decrypt", "the image does not end in the padding of its cipher");
    await files.write(path, written, rest);
    written += rest.length;
    await files.truncate(path, written);
  }
  await files.sync(path);
  if (progress.next === 0) await files.syncFolder(path); // the name; from then on it is there
  const next = { ...progress, next: progress.next + 1, written, tail: tailAfter(progress.tail, chunk) };
  await storeProgress(files, next);
  return success(next);
}

/** One authentic chunk of the right length. Asks again while nobody answers. `tookMs`: of the request that brought it. */
async function fetchChunk(manifest: Manifest, number: number, io: DownloadIo, signal: AbortSignal) {
  const message = { device_id: io.device, version: manifest.version, chunk_number: number };
  let damaged = 0;
  for (let failures = 0; !signal.aborted;) {
    const started = io.clock.monotonic();
    const reply = await io.gateway.ask("/ota/chunk", message, FetchedChunk, signal);
    const tookMs = io.clock.monotonic() - started;
    switch (reply.kind) {
      case "ok": {
        const checked = checkChunk(reply.value, number, manifest, io.keys.chunks);
        if (checked.ok) return success({ bytes: checked.value, tookMs });
        if (++damaged >= MAX_DAMAGED) return checked;
        break;
      }
      case "refused":
        return refusal("refused", reply.reason);
      case "later":
        await io.clock.sleep(Math.max(reply.waitMs, pauseMs(failures++, io.random.float())), signal);
        break;
      default:
        reply satisfies never;
    }
  }
  return refusal("stopped", "the program ends");
}

function checkChunk(
  { chunk_number, hmac, bytes }: FetchedChunk,
  number: number,
  manifest: Manifest,
  key: HmacKey,
): Outcome<Bytes, "chunk_number" | "chunk_size" | "chunk_hmac"> {
  if (chunk_number !== number) return refusal("chunk_number", `chunk ${chunk_number} for ${number}`);
  const expected = Math.min(manifest.chunk_size, manifest.encrypted_size - number * manifest.chunk_size);
  if (bytes.length !== expected) {
    return refusal("chunk_size", `chunk ${number} has ${bytes.length} bytes, not ${expected}`);
  }
  if (!verifyChunkHmac(key, bytes, number, hmac)) {
    return refusal("chunk_hmac", `chunk ${number} is not authentic`);
  }
  return success(bytes);
}

function pauseMs(failures: number, random: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 20)) * (1 + random) / 2;
}
