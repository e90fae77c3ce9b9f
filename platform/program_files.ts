/**
 * A file that the program carries with it, by its path in the checkout. The executable is one file of JavaScript in a folder
 * below the root (packaging/build.ts), as this one is, so that the way is the same from both.
 */
export function programFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}
