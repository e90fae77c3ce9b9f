import { nearest } from "../../../../platform/nearest.ts";

/** What is wrong in a document, and where. */
export interface DocumentFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * That a name is not one of those that there are, with the one that was probably meant.
 *
 * @example
 * ```ts
 * unknownName([], "register", "Vac", ["Vac1"]).message; // => "there is no register Vac; did you mean Vac1?"
 * ```
 */
export function unknownName(
  path: readonly PropertyKey[],
  what: string,
  name: string,
  known: Iterable<string>,
): DocumentFault {
  const meant = nearest(name, [...known]);
  return { path, message: `there is no ${what} ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}` };
}
