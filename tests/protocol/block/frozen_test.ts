import assert from "node:assert/strict";
import { toHex } from "../../../crypto/bytes.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { decodeBlock, encodeBlock } from "../../../protocol/block/block.ts";
import type { Sample } from "../../../protocol/sample.ts";

/** Numbers that are the same for ever. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor(state / 2 ** 31 * below);
  };
}

/** A ramp, a noisy level, a held value, a 32-bit counter, a signed value with spikes and gaps, and full 32-bit noise. */
function series(seed: number, count: number): Sample[] {
  const random = numbers(seed);
  let at = 1_782_043_200_317;
  return Array.from({ length: count }, (_, i) => {
    at += random(50) === 0 ? random(10_000_000) - 5_000_000 : 1998 + random(5);
    return {
      at,
      values: i % 16 > 12 ? new Array(6).fill(seed) : [
        3 * i + random(2),
        2300 + random(7),
        Math.floor(i / 40),
        4_000_000_000 + 17 * i,
        random(12) === 0 ? undefined : random(30) === 0 ? -(2 ** 31) + random(9) : random(20) - 10,
        random(2 ** 31) * 2 + random(2),
      ],
    };
  });
}

// Seed, samples, bytes, SHA-256. Blocks are stored for years: these digests may never change. A new format is a new version of the codec.
const FROZEN: readonly [number, number, number, string][] = [
  [1, 1, 29, "798ec6bf3311764d423b720a43e5aac1a5330d864e351b1463a59257f4133608"],
  [2, 8, 117, "6279a64ab115b16c98583edaaef2943e6ad40a779f6b43c44a6f7d438ddf04ea"],
  [3, 40, 433, "fbcae9a92ad6b42518df699d197d4814016b446094c02011d4350af28e5107be"],
  [4, 500, 4685, "401651520648a5b00fa9c1d97844d99a97c6902690a3eff6d9f69851d6c68024"],
  [5, 5000, 46838, "c1508d2d4ffefb8e2b1aadbc07c85a21a3d6f25c164d4755118d1d6536790b6b"],
];

Deno.test("the format is frozen: blocks written today are the same and are read for ever", () => {
  for (const [seed, count, length, digest] of FROZEN) {
    const samples = series(seed, count);
    const bytes = encodeBlock({ samples });
    assert.deepEqual([bytes.length, toHex(sha256(bytes))], [length, digest], `seed ${seed}`);
    const decoded = decodeBlock(bytes);
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value, samples);
  }
});
