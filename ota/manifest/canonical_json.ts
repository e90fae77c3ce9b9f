/** What a canonical text can hold: flat, and numbers that are whole, so that there is one way to write each. */
type CanonicalObject = Readonly<Record<string, string | number>>;

/**
 * The one JSON text of an object (RFC 8785): keys in order of their UTF-16 code units, no white space. Throws a `RangeError` for a
 * number that is not a safe integer.
 *
 * @example
 * ```ts
 * canonicalJson({ version: "1.2.0", sequence: 7 }); // => '{"sequence":7,"version":"1.2.0"}'
 * ```
 */
export function canonicalJson(object: CanonicalObject): string {
  const members = Object.entries(object).toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([key, value]) => {
    if (typeof value === "number" && (!Number.isSafeInteger(value) || Object.is(value, -0))) {
      throw new RangeError(`Cannot write ${key} canonically: it is not a whole number`);
    }
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  });
  return `{${members.join(",")}}`;
}
