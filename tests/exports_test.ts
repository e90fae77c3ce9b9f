import assert from "node:assert/strict";
import { dirname, join, normalize, relative } from "node:path";
import { root, sourceFiles } from "./imports.ts";

const IMPORT =
  /(?:import|export)\s+(?:type\s+)?(?:\w+\s*,\s*)?(\{[^}]*\}|\*\s+as\s+\w+|\w+)\s+from\s+"(\.{1,2}\/[^"]+)"/g;
const DYNAMIC = /import\("(\.{1,2}\/[^"]+)"\)/g;
const DEFINITION =
  /^export\s+(?:async\s+)?(?:abstract\s+)?(?:function\*?|const|let|class|interface|type|enum)\s+([\w$]+)/gm;
const LIST = /^export\s+(?:type\s+)?\{([^}]*)\};?$/gm;

/** The source of every file of the checkout, by path. */
function sources(): ReadonlyMap<string, string> {
  return new Map(sourceFiles(root).map((path) => [relative(root, path), Deno.readTextFileSync(path)]));
}

/** `type Name as Other` names `Name` where it comes from and `Other` where it goes. */
function namesOf(list: string, end: "from" | "to"): readonly string[] {
  return list.replace(/[{}]/g, "").split(",").flatMap((part) => {
    const [from, to = from] = part.trim().replace(/^type\s+/, "").split(/\s+as\s+/);
    const name = end === "from" ? from : to;
    return name ? [name] : [];
  });
}

/** What is imported, as `path#name`; `path#*` where a file is imported as a whole. */
function imported(files: ReadonlyMap<string, string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [path, text] of files) {
    const target = (specifier: string) => normalize(join(dirname(path), specifier));
    for (const [, what = "", specifier = ""] of text.matchAll(IMPORT)) {
      for (const name of what.startsWith("*") ? ["*"] : namesOf(what, "from")) {
        found.add(`${target(specifier)}#${name}`);
      }
    }
    for (const [, specifier = ""] of text.matchAll(DYNAMIC)) found.add(`${target(specifier)}#*`);
  }
  return found;
}

function exported(text: string): readonly string[] {
  const defined = [...text.matchAll(DEFINITION)].map(([, name = ""]) => name);
  return [...defined, ...[...text.matchAll(LIST)].flatMap(([, list = ""]) => namesOf(list, "to"))];
}

/** Exports of the product, as `path#name`, that no file imports: neither of the product nor of the tests. */
function unused(files: ReadonlyMap<string, string>): readonly string[] {
  const used = imported(files);
  return [...files].filter(([path]) => !path.startsWith("tests/") && !used.has(`${path}#*`)).flatMap(([path, text]) =>
    exported(text).map((name) => `${path}#${name}`).filter((one) => !used.has(one))
  );
}

Deno.test("what is exported is imported by another file", () => {
  assert.deepEqual(unused(sources()), []);
});

Deno.test("an export that nobody imports is found, however it is written", () => {
  const files = new Map([
    [
      "a.ts",
      "export const A = 1;\nexport type B = 1;\nexport async function c() {}\nconst d = 1;\nexport { d as D };\n",
    ],
    ["b/b.ts", 'import { A, type B } from "../a.ts";\n'],
    ["tests/c.ts", "export const forTests = 1;\n"],
  ]);
  assert.deepEqual(unused(files), ["a.ts#c", "a.ts#D"]);
});
