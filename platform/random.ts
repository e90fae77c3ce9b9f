import type { Bytes } from "../crypto/bytes.ts";

/** Randomness as a parameter, so that a test can fix it. */
export interface Random {
  /** Cryptographically strong bytes. */
  bytes(length: number): Bytes;
  /** Uniform in [0, 1), for jitter only. */
  float(): number;
}

/** The machine's own randomness. */
export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  float: () => Math.random(),
};
