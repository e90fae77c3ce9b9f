import { AES_BLOCK_BYTES, type AesKey, decryptAesCbc, decryptBlocks } from "../../crypto/aes_cbc.ts";
import type { Bytes } from "../../crypto/bytes.ts";
import type { HmacKey } from "../../crypto/hmac.ts";
import { backoffMs, jittered } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { verifyChunkHmac } from "../chunks/chunk_hmac.ts";
import { FetchedChunk } from "../chunks/fetched_chunk.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { SlotFiles } from "../slots/files.ts";
import { Pace } from "./pace.ts";
import { blockBefore, Part, type Place, type Wanted } from "./part.ts";
import type { Gateway } from "./gateway.ts";

/** Requests for one chunk that may bring a damaged one, and that may bring it too slowly. */
const MAX_DAMAGED = 3;
const MAX_DRIPS = 3;
/** Bounds of the pause while the gateway does not answer, milliseconds. */
const PAUSE = { firstMs: 1000, longestMs: 300_000 } as const;

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
  readonly onProgress?: (place: Place) => void;
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

/**
 * Brings the image into its slot, chunk by chunk: each is authenticated, decrypted, and on disk with the place to go on
 * from before the next is asked for. So an interruption of any kind costs one chunk. Waits as long as nobody answers.
 *
 * @example
 * ```ts
 * import { importAesKey } from "../../crypto/aes_cbc.ts";
 * import { importHmacKey } from "../../crypto/hmac.ts";
 * import { systemClock as clock } from "../../platform/clock.ts";
 * import { systemRandom as random } from "../../platform/random.ts";
 * import { slotFiles } from "../slots/files.ts";
 * const manifest = { format: "ecowatt-firmware/1", model: "ecowatt", version: "1.2.0", sequence: 7, original_size: 100,
 *   encrypted_size: 112, sha256_hash: "00", iv: "", chunk_size: 1_024, total_chunks: 1 } as const;
 * const wanted = { manifest, image: "00".repeat(32), slot: "b" } as const;
 * const keys = { image: await importAesKey(new Uint8Array(32)), chunks: await importHmacKey(new Uint8Array(32)) };
 * const gateway = { ask: () => Promise.resolve({ kind: "refused", status: 409, reason: "recalled" } as const) };
 * const io = { device: "roof", files: await slotFiles(await Deno.makeTempDir()), gateway, keys, clock, random };
 * await download(wanted, io, new AbortController().signal); // => { ok: false, fault: "refused", detail: "recalled" }
 * ```
 */
export async function download(
  wanted: Wanted,
  io: DownloadIo,
  signal: AbortSignal,
): Promise<Outcome<undefined, DownloadFault>> {
  const { manifest } = wanted;
  using part = await Part.open(wanted, io.files);
  const pace = new Pace(io.rateLimit);
  while (part.place.next < manifest.total_chunks) {
    const started = io.clock.monotonic();
    const chunk = await fetchChunk(manifest, part.place, io, signal);
    if (!chunk.ok) return chunk;
    const { bytes, plain, tookMs } = chunk.value;
    const pause = pace.came(bytes.length, tookMs);
    if (plain === undefined) return refusal("decrypt", "the image does not end in the padding of its cipher");
    await part.add(plain, bytes.slice(-AES_BLOCK_BYTES));
    io.onProgress?.(part.place);
    const slow = pace.fault();
    if (slow !== undefined) return refusal("too_slow", slow);
    const left = pause - (io.clock.monotonic() - started - tookMs);
    if (left > 0 && part.place.next < manifest.total_chunks) await io.clock.sleep(left, signal);
  }
  await part.end();
  return success(undefined);
}

/** A chunk is whole blocks of one message that ends in padding. */
async function decrypted(chunk: Bytes, place: Place, manifest: Manifest, key: AesKey): Promise<Bytes | undefined> {
  const isLast = place.next === manifest.total_chunks - 1;
  return await (isLast ? decryptAesCbc : decryptBlocks)(key, blockBefore(place), chunk);
}

/** One authentic chunk of the right length. Asks again while nobody answers. `tookMs`: of the request that brought it. */
async function fetchChunk(manifest: Manifest, place: Place, io: DownloadIo, signal: AbortSignal) {
  const message = { device_id: io.device, version: manifest.version, chunk_number: place.next };
  let damaged = 0;
  let drips = 0;
  for (let failures = 0; !signal.aborted;) {
    const started = io.clock.monotonic();
    const reply = await io.gateway.ask("/ota/chunk", message, FetchedChunk, signal);
    const tookMs = io.clock.monotonic() - started;
    switch (reply.kind) {
      case "ok": {
        const checked = await checkChunk(reply.value, place, manifest, io.keys);
        if (checked.ok) return success({ ...checked.value, tookMs });
        if (++damaged >= MAX_DAMAGED) return checked;
        break;
      }
      case "refused":
      case "unsupported":
        return refusal("refused", reply.reason);
      case "later":
        if (reply.drips && ++drips >= MAX_DRIPS) return refusal("too_slow", reply.reason);
        await io.clock.sleep(Math.max(reply.waitMs, jittered(backoffMs(PAUSE, ++failures), io.random.float())), signal);
        break;
      default:
        reply satisfies never;
    }
  }
  return refusal("stopped", "the program ends");
}

/** A chunk that is authentic, and what it decrypts to, if it does. */
interface CheckedChunk {
  readonly bytes: Bytes;
  readonly plain: Bytes | undefined;
}

async function checkChunk(
  { chunk_number, hmac, bytes }: FetchedChunk,
  place: Place,
  manifest: Manifest,
  keys: DownloadIo["keys"],
): Promise<Outcome<CheckedChunk, "chunk_number" | "chunk_size" | "chunk_hmac">> {
  const number = place.next;
  if (chunk_number !== number) return refusal("chunk_number", `chunk ${chunk_number} for ${number}`);
  const expected = Math.min(manifest.chunk_size, manifest.encrypted_size - number * manifest.chunk_size);
  if (bytes.length !== expected) {
    return refusal("chunk_size", `chunk ${number} has ${bytes.length} bytes, not ${expected}`);
  }
  // Side by side, each in a thread of its own: what comes out of a chunk that is not authentic is not looked at.
  const [authentic, plain] = await Promise.all([
    verifyChunkHmac(keys.chunks, bytes, number, hmac),
    decrypted(bytes, place, manifest, keys.image),
  ]);
  if (!authentic) return refusal("chunk_hmac", `chunk ${number} is not authentic`);
  return success({ bytes, plain });
}
