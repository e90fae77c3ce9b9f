/** A word that differs in more than this part of its letters was not meant. */
const MOST_DIFFERENT = 0.4;

/**
 * The word that was probably meant by a misspelled one: the nearest by single letters; `undefined` when none is near.
 *
 * @example
 * ```ts
 * nearest("adress", ["address", "absent"]); // => "address"
 * nearest("x", ["address"]); // => undefined
 * ```
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const other of known) {
    const distance = distanceBetween(word.toLowerCase(), other.toLowerCase());
    if (distance <= MOST_DIFFERENT * Math.max(word.length, other.length) && distance < (best?.distance ?? Infinity)) {
      best = { word: other, distance };
    }
  }
  return best?.word;
}

/** Letters to insert, take out or replace (Levenshtein), row by row of the table. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}
