import type { Bytes } from "../../crypto/bytes.ts";

/** A bit for each chunk, none of them set. */
export function noChunks(total: number): Bytes {
  return new Uint8Array(Math.ceil(total / 8));
}

/** The bits with one more set; the same ones when it was set before. */
export function withChunk(received: Bytes, number: number): Bytes {
  const index = number >> 3;
  const byte = received[index] ?? 0;
  const bit = 1 << (number & 7);
  return byte & bit ? received : received.with(index, byte | bit);
}

/** How many bits are set. */
export function chunkTotal(received: Bytes): number {
  let count = 0;
  for (let byte of received) for (; byte > 0; byte &= byte - 1) count++;
  return count;
}

/** The quarters of a download that a chunk completes: 25, 50, 75 or 100, or `undefined`. */
export function quarterReached(before: number, after: number, total: number): number | undefined {
  const quarter = (count: number) => Math.floor(4 * count / total);
  return quarter(after) > quarter(before) ? 25 * quarter(after) : undefined;
}
