import type { Bytes } from "../../crypto/bytes.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";
import type { Firmware } from "../manifest/firmware.ts";

/** Stretches of an image that are kept in memory, 4 MiB at most, and the most chunks and bytes of one. */
const KEPT = 16;
const STRETCH_CHUNKS = 4;
const STRETCH_BYTES = 256 * 1024;

/** A chunk as it goes out. */
export interface ReadyChunk {
  /** Encrypted. */
  readonly data: Bytes;
  /** Over the bytes and the number, in hex. */
  readonly hmac: string;
  /** `Content-Digest` of the bytes. */
  readonly digest: string;
}

type Load = (firmware: Firmware, range: Range) => Promise<readonly ReadyChunk[] | undefined>;

/** Chunks of an image, by their numbers. */
export interface Range {
  readonly from: number;
  /** One beyond the last. */
  readonly to: number;
}

/**
 * Chunks that were asked for lately, and those behind them: they are made ready while a device writes the ones before, small
 * ones several at a time, and the devices of a wave ask for the same ones.
 *
 * @example
 * ```ts
 * const load = (_: unknown, { from }: Range) => Promise.resolve([{ data: Uint8Array.of(from), hmac: "", digest: "" }]);
 * const chunks = new ReadyChunks(load);
 * const firmware = { keys: "default", iv: "", sha256_hash: "", chunk_size: 262_144, total_chunks: 2 };
 * (await chunks.get(firmware as never, 1))?.data; // => new Uint8Array([1])
 * ```
 */
export class ReadyChunks {
  readonly #load: Load;
  readonly #ready = new BoundedMap<string, ReturnType<Load>>(KEPT);

  /** `load` gives `undefined` for chunks that are not there. */
  constructor(load: Load) {
    this.#load = load;
  }

  async get(firmware: Firmware, number: number): Promise<ReadyChunk | undefined> {
    const { total_chunks, chunk_size } = firmware;
    const count = Math.max(1, Math.min(STRETCH_CHUNKS, Math.floor(STRETCH_BYTES / chunk_size)));
    const from = number - number % count;
    const stretch = await this.#had(firmware, { from, to: Math.min(from + count, total_chunks) });
    if (stretch && from + count < total_chunks) {
      const next = { from: from + count, to: Math.min(from + 2 * count, total_chunks) };
      this.#had(firmware, next).catch(() => {}); // whoever asks for it hears of it
    }
    return stretch?.[number - from];
  }

  #had(firmware: Firmware, range: Range): ReturnType<Load> {
    const { keys, iv, sha256_hash, chunk_size } = firmware;
    const key = JSON.stringify([keys, iv, sha256_hash, chunk_size, range.from]);
    const known = this.#ready.get(key);
    if (known) return known;
    const stretch = this.#load(firmware, range);
    this.#ready.set(key, stretch);
    const forget = () => void (this.#ready.get(key) === stretch && this.#ready.take(key));
    stretch.then((found) => found ?? forget(), forget);
    return stretch;
  }
}
