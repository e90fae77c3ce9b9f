import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import project from "../deno.json" with { type: "json" };

const tests = fileURLToPath(new URL(".", import.meta.url));

/** What `deno task test:fast` leaves out: folders and a name. */
const SLOW = /^(e2e|browser|interop)\/|_slow_test\.ts$/;

/** Starts a program or a browser; Deno itself may be asked about the sources. */
const STARTS =
  /new Deno\.Command\((?!Deno\.execPath\(\), \{\s*args: \["(info|types)")|"(node:child_process|playwright-core)"/;

/** Whether a file of the tests, or one that it imports, starts a program. */
async function starts(path: string, seen = new Set<string>()): Promise<boolean> {
  seen.add(path);
  const text = await Deno.readTextFile(path);
  if (STARTS.test(text)) return true;
  for (const [, specifier = ""] of text.matchAll(/(?:from|import) "(\.[^"]+\.ts)"/g)) {
    const imported = join(dirname(path), specifier);
    if (imported.startsWith(tests) && !seen.has(imported) && await starts(imported, seen)) return true;
  }
  return false;
}

async function* testFiles(folder = tests): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* testFiles(join(folder, name));
    else if (name.endsWith("_test.ts")) yield join(folder, name);
  }
}

Deno.test("tests that start programs or browsers are named _slow_test.ts, or stand in e2e, browser or interop", async () => {
  const wrong: string[] = [];
  for await (const path of testFiles()) {
    const name = relative(tests, path);
    if (!SLOW.test(name) && await starts(path)) wrong.push(name);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the fast task leaves out what is slow by name, and nothing else", () => {
  const [, ignored] = project.tasks["test:fast"].command.match(/--ignore='([^']+)'/) ?? [];
  assert.equal(ignored, "tests/e2e,tests/browser,tests/interop,tests/**/*_slow_test.ts");
});
