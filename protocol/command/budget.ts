const DAY_MS = 86_400_000;

/** Writes that one register of an inverter takes in a day when nobody says otherwise: its flash wears out. */
export const DEFAULT_WRITES_PER_DAY = 100;

/**
 * The UTC day a moment belongs to, counted from 1970-01-01.
 *
 * @example
 * ```ts
 * utcDay(Date.UTC(1970, 0, 2, 23, 59)); // => 1
 * ```
 */
export function utcDay(at: number): number {
  return Math.floor(at / DAY_MS);
}

/**
 * The first of `addresses` that has no write left; `undefined` when all have. An address named twice is written twice.
 *
 * @example
 * ```ts
 * const used = (address: number) => (address === 8 ? 99 : 0);
 * exhausted([8, 40_232], 100, used); // => undefined
 * exhausted([8, 8], 100, used); // => 8
 * ```
 */
export function exhausted(
  addresses: readonly number[],
  limit: number,
  used: (address: number) => number,
): number | undefined {
  const wanted = new Map<number, number>();
  for (const address of addresses) {
    const count = (wanted.get(address) ?? used(address)) + 1;
    if (count > limit) return address;
    wanted.set(address, count);
  }
  return undefined;
}
