/** The highest number of a request. There is room above it, so that a gateway can always count on. */
export const HIGHEST_SEQUENCE = 2 ** 52;

/**
 * Decimal digits without sign or leading zero, 1 to 2^52.
 *
 * @example
 * ```ts
 * parseSequence("4711"); // => 4711
 * parseSequence("04711"); // => undefined
 * parseSequence("4503599627370497"); // => undefined
 * ```
 */
export function parseSequence(digits: string | null): number | undefined {
  if (digits === null || !/^[1-9][0-9]{0,15}$/.test(digits)) return undefined;
  const sequence = Number(digits);
  return sequence <= HIGHEST_SEQUENCE ? sequence : undefined;
}
