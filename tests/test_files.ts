import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the tests. */
export const tests = fileURLToPath(new URL(".", import.meta.url));

/** What the fast tests leave out: folders and a name. */
const SLOW = /^(e2e|browser|interop)\/|_slow_test\.ts$/;

/** The files of the tests that `deno task test:fast` runs, as paths relative to this folder, in the order of their names. */
export async function fastTestFiles(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const path of filesIn(tests)) {
    const name = relative(tests, path);
    if (name.endsWith("_test.ts") && !SLOW.test(name)) found.push(name);
  }
  return found.toSorted();
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesIn(join(folder, name));
    else yield join(folder, name);
  }
}
