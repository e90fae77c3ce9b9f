/** Raw values and ranges of them, as a profile writes them. */
export type RawSet = readonly (number | string)[];

/**
 * First and last raw value of each part of a set.
 *
 * @example
 * ```ts
 * rangesOf([5, "0x10-0x1F"]); // => [[5, 5], [16, 31]]
 * ```
 */
export function rangesOf(set: RawSet): readonly (readonly [first: number, last: number])[] {
  return set.map((part) => {
    if (typeof part === "number") return [part, part];
    const [first = NaN, last = NaN] = part.split("-").map((text) => Number(text.trim()));
    return [first, last];
  });
}
