import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { COMPLETE, libraries } from "./libraries.ts";
import type { Page } from "./text.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A function or class that other files can use. */
interface Export {
  readonly name: string;
  /** The lines of the example in its comment. */
  readonly example: readonly string[] | undefined;
}

function exportsOf({ text }: Page): readonly Export[] {
  const found = text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:async )?(?:function\*?|class) (\w+)/gm);
  return [...found].map(([, comment = "", name = ""]) => {
    const [, block] = comment.match(/^ \* @example\n \* ```ts\n([\s\S]*?)^ \* ```$/m) ?? [];
    return { name, example: block?.trimEnd().split("\n").map((line) => line.replace(/^ \* ?/, "")) };
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
    `const ${names} = await import(${JSON.stringify(path.startsWith(".") ? new URL(path, file).href : path)});`;
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

Deno.test("every function of these libraries that others can use shows in its comment how", () => {
  const all = libraries.filter(({ path }) => COMPLETE.test(path)).flatMap((page) =>
    exportsOf(page).map((one) => ({ path: page.path, ...one }))
  );
  assert.ok(all.length > 60, `${all.length} functions`);
  const wanting = all.filter(({ name, example }) =>
    !example?.some((line) => line.includes(" // => ")) || !new RegExp(`\\b${name}\\b`).test(example.join("\n"))
  );
  assert.deepEqual(wanting.map(({ path, name }) => `${path}: ${name}`), []);
  const long = all.filter(({ example = [] }) => example.length > 16 || example.some((line) => line.length > 117));
  assert.deepEqual(long.map(({ path, name }) => `${path}: ${name}`), []);
});

for (const page of libraries.filter((page) => exportsOf(page).some(({ example }) => example))) {
  Deno.test(`the examples in ${page.path} are true`, async (t) => {
    const folder = await Deno.makeTempDir({ prefix: "ecowatt-examples-" });
    const before = Deno.env.get("TMPDIR");
    Deno.env.set("TMPDIR", folder); // what an example makes is taken away with it
    try {
      const file = join(folder, "examples.ts");
      await Deno.writeTextFile(file, moduleOf(page));
      const { examples } = await import(pathToFileURL(file).href);
      for (const { name, example } of exportsOf(page)) if (example) await t.step(name, () => examples[name]());
    } finally {
      before === undefined ? Deno.env.delete("TMPDIR") : Deno.env.set("TMPDIR", before);
      await Deno.remove(folder, { recursive: true });
    }
  });
}
