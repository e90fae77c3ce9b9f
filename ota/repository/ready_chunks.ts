import type { Bytes } from "../../crypto/bytes.ts";
import { BoundedMap } from "../../platform/bounded_map.ts";
import type { Firmware } from "../manifest/firmware.ts";

/** Chunks that are kept in memory: 4 MiB at most. */
const KEPT = 16;

/** A chunk as it goes out. */
export interface ReadyChunk {
  /** Encrypted. */
  readonly data: Bytes;
  /** Over the bytes and the number, in hex. */
  readonly hmac: string;
  /** `Content-Digest` of the bytes. */
  readonly digest: string;
}

type Load = (firmware: Firmware, number: number) => Promise<ReadyChunk | undefined>;

/**
 * Chunks that were asked for lately, and the one behind each: it is made ready while its device writes the one before, and
 * the devices of a wave ask for the same ones.
 *
 * @example
 * ```ts
 * const load = (_: unknown, number: number) => Promise.resolve({ data: Uint8Array.of(number), hmac: "", digest: "" });
 * const chunks = new ReadyChunks(load);
 * const firmware = { keys: "default", iv: "", sha256_hash: "", chunk_size: 16, total_chunks: 2 };
 * (await chunks.get(firmware as never, 1))?.data; // => new Uint8Array([1])
 * ```
 */
export class ReadyChunks {
  readonly #load: Load;
  readonly #ready = new BoundedMap<string, Promise<ReadyChunk | undefined>>(KEPT);

  /** `load` gives `undefined` for a chunk that is not there. */
  constructor(load: Load) {
    this.#load = load;
  }

  async get(firmware: Firmware, number: number): Promise<ReadyChunk | undefined> {
    const chunk = await this.#had(firmware, number);
    if (chunk && number + 1 < firmware.total_chunks) {
      this.#had(firmware, number + 1).catch(() => {}); // whoever asks for it hears of it
    }
    return chunk;
  }

  #had(firmware: Firmware, number: number): Promise<ReadyChunk | undefined> {
    const { keys, iv, sha256_hash, chunk_size } = firmware;
    const key = JSON.stringify([keys, iv, sha256_hash, chunk_size, number]);
    const known = this.#ready.get(key);
    if (known) return known;
    const chunk = this.#load(firmware, number);
    this.#ready.set(key, chunk);
    const forget = () => void (this.#ready.get(key) === chunk && this.#ready.take(key));
    chunk.then((found) => found ?? forget(), forget);
    return chunk;
  }
}
