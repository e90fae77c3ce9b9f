import assert from "node:assert/strict";
import { blocks, pages, sources } from "./text.ts";

/** Of the product: tests, documents and benchmarks may call their files as they like. */
const PRODUCT = /^(cli|crypto|device|gateway|keys|ota|packaging|platform|profiles|protocol)\/.*\.tsx?$/;

const [glossary = { path: "", text: "" }] = (await pages()).filter(({ path }) => path === "docs/glossary.md");
const product = (await sources()).filter(({ path }) => PRODUCT.test(path));

/** The terms with a line of their own: `write-ahead log`. */
function terms(text: string): readonly string[] {
  return [...text.matchAll(/^\| \*\*(.+?)\*\* +\|/gm)].flatMap(([, cell = ""]) => cell.split(", "));
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** Words of what the runtime declares for programs: those that everybody knows who writes for it. */
async function runtimeWords(): Promise<readonly string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["types"], stderr: "null" }).output();
  const declared = new TextDecoder().decode(stdout);
  return wordsOf(declared.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2"));
}

/** A word and its other number. */
function forms(word: string): readonly string[] {
  return [word, `${word}s`, word.replace(/s$/, ""), word.replace(/es$/, ""), word.replace(/ies$/, "y")];
}

Deno.test("every word in the name of a file is one that everybody knows, or has its line in docs/glossary.md", async () => {
  const common = blocks(glossary, "text").flatMap(wordsOf);
  const known = new Set([...await runtimeWords(), ...common, ...terms(glossary.text).flatMap(wordsOf)]);
  assert.ok(known.size > 3_000 && product.length > 400);
  const unknown = new Map<string, string>();
  for (const { path } of product) {
    for (const word of wordsOf(path.replace(/\.tsx?$/, ""))) {
      if (!forms(word).some((form) => known.has(form))) unknown.set(word, path);
    }
  }
  assert.deepEqual(
    [...unknown],
    [],
    "give it a line, or a better known name; the last block there has the plain words",
  );
});

Deno.test("every term of the glossary is explained once, and is a word of the program", () => {
  const all = terms(glossary.text);
  assert.ok(all.length > 80);
  assert.deepEqual(all.filter((term, index) => all.indexOf(term) !== index), []);
  const names = product.map(({ path, text }) => `${path}\n${text}`).join("\n").toLowerCase();
  const written = (term: string) => [" ", "_", "", "-"].map((glue) => wordsOf(term).join(glue));
  assert.deepEqual(all.filter((term) => !written(term).some((form) => names.includes(form))), []);
});
