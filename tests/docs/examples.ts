import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Page, sources } from "./text.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The files of the libraries, in the order of their names: every function that another file can use shows in its comment how. */
export const libraries = (await sources()).filter(({ path }) => /^(crypto|ota|protocol)\/.*\.ts$/.test(path))
  .toSorted((a, b) => a.path < b.path ? -1 : 1);

/** A function or class that other files can use. */
interface Export {
  readonly name: string;
  readonly isFunction: boolean;
  /** The lines of the example in its comment. */
  readonly example: readonly string[] | undefined;
}

export function exportsOf({ text }: Page): readonly Export[] {
  const found = text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:async )?(function\*?|class) (\w+)/gm);
  return [...found].map(([, comment = "", kind, name = ""]) => {
    const [, block] = comment.match(/^ \* @example\n \* ```ts\n([\s\S]*?)^ \* ```$/m) ?? [];
    return {
      name,
      isFunction: kind !== "class",
      example: block?.trimEnd().split("\n").map((line) => line.replace(/^ \* ?/, "")),
    };
  });
}

/** The lines as statements; `expression; // => value` asserts that it is so. */
function body(lines: readonly string[]): string {
  let statement: string[] = [];
  const statements: string[] = [];
  for (const line of lines) {
    const [, code, value] = line.match(/^(.*); \/\/ => (.+)$/) ?? [];
    statement.push(code ?? line);
    if (code !== undefined) statements.push(`assert.deepEqual(${statement.join("\n")}, ${value});`);
    else if (!/[;{}]$/.test(line)) continue;
    else statements.push(statement.join("\n"));
    statement = [];
  }
  return [...statements, ...statement].join("\n");
}

/** A module with the examples of a file, each a function; what the file exports need not be imported. */
function moduleOf(page: Page): string {
  const file = pathToFileURL(join(root, page.path));
  const own = [...page.text.matchAll(/^export (?:async )?(?:function\*?|class|const) (\w+)/gm)].map(([, name]) => name);
  const imported = (_: string, names: string, path: string) =>
    `const ${names.replaceAll(" as ", ": ")} = await import(${
      JSON.stringify(path.startsWith(".") ? new URL(path, file).href : path)
    });`;
  const examples = exportsOf(page).flatMap(({ name, example }) =>
    example ? [`async ${name}() {\n${body(example).replace(/^import (.+) from "(.+)";$/gm, imported)}\n},`] : []
  );
  return [
    'import assert from "node:assert/strict";',
    `import { ${own.join(", ")} } from ${JSON.stringify(file.href)};`,
    "export const examples = {",
    ...examples,
    "};",
  ].join("\n");
}

/** Whether the examples of a file make RSA keys, which takes a second each. */
export function isSlow(page: Page): boolean {
  return exportsOf(page).some(({ example = [] }) => example.some((line) => line.includes("generateRsaKeyPair")));
}

/** Registers a test of each of these files that runs its examples. */
export function testExamples(pages: readonly Page[]): void {
  for (const page of pages.filter((page) => exportsOf(page).some(({ example }) => example))) {
    Deno.test(`the examples in ${page.path} are true`, (t) => runExamples(page, t));
  }
}

/** What an example makes is made in a folder of the test's, and taken away with it. */
async function runExamples(page: Page, t: Deno.TestContext): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ecowatt-examples-" });
  try {
    const file = join(folder, "examples.ts");
    const inFolder = `Deno.makeTempDir({ dir: ${JSON.stringify(folder)} })`;
    await Deno.writeTextFile(file, moduleOf(page).replaceAll("Deno.makeTempDir()", inFolder));
    const { examples } = await import(pathToFileURL(file).href);
    for (const { name, example } of exportsOf(page)) if (example) await t.step(name, () => examples[name]());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
