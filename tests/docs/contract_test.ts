import assert from "node:assert/strict";
import { readDocument } from "../../docs/make/document.ts";
import { pages, sources } from "./text.ts";

const contract = (await pages()).filter(({ path }) => /^docs\/contract\/\d-\w+\.md$/.test(path));

/** The numbers of a document's sections, in order: `2`, `2.1`. */
function sections(text: string): readonly string[] {
  return [...text.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map(([, number = ""]) => number);
}

Deno.test("the documents of the contract and their sections are numbered without a gap", () => {
  assert.deepEqual(contract.map(({ path }) => path.match(/\d/)?.[0]), contract.map((_, index) => `${index + 1}`));
  for (const { path, text } of contract) {
    assert.equal(text.match(/^# (\d)\. /)?.[1], path.match(/\d/)?.[0]);
    const headings = [...text.matchAll(/^#{2,3} /gm)].length;
    const numbers = sections(text);
    assert.equal(numbers.length, headings, `${path}: a section has no number`);
    let [chapter, part] = [0, 0];
    for (const number of numbers) {
      [chapter, part] = number.includes(".") ? [chapter, part + 1] : [chapter + 1, 0];
      assert.equal(number, part === 0 ? `${chapter}` : `${chapter}.${part}`, path);
    }
  }
});

Deno.test("every section of the contract that code or a document names is there", async () => {
  const known = new Set(
    contract.flatMap(({ path, text }) =>
      sections(text).map((number) => `${path.replace(/^docs\/|\.md$/g, "")} §${number}`)
    ),
  );
  let named = 0;
  const missing: string[] = [];
  for (const { path, text } of await sources()) {
    for (const [, document, list = ""] of text.matchAll(/\b(contract\/[\w-]+)((?:(?:, | and )?\s*§[\d.]*\d)+)/g)) {
      for (const [, number] of list.matchAll(/§([\d.]*\d)/g)) {
        named++;
        if (!known.has(`${document} §${number}`)) missing.push(`${path}: ${document} §${number}`);
      }
    }
  }
  assert.deepEqual(missing, []);
  const elsewhere = (await sources()).filter(({ text }) => /\b(PROTOCOL|wire\.md) §/.test(text));
  assert.deepEqual(elsewhere.map(({ path }) => path), [], "name a document of docs/contract");
  assert.ok(named > 60, `${named} sections are named`);
});

Deno.test("a section that one document of the contract names without a document is its own", () => {
  for (const { path, text } of contract) {
    const own = new Set(sections(text));
    const prose = text.replace(/(RFC \d+|[12]-(?:link|boards)) §[\d.]*\d/g, "");
    const wrong = [...prose.matchAll(/§(\d+(?:\.\d+)*)/g)].filter(([, number = ""]) => !own.has(number));
    assert.deepEqual(wrong.map(([text]) => text), [], path);
  }
});

Deno.test("the contract has the paths that the gateway serves to devices, and no path that it does not serve", async () => {
  const link = contract.find(({ path }) => path.endsWith("1-link.md"))?.text ?? "";
  const listed = [...link.matchAll(/^\| `(GET|POST) (\/\S+?)`/gm)].map(([, method = "", path = ""]) =>
    `${method.toLowerCase()} ${path}`
  );
  const served = Object.entries((await readDocument()).paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`)
  );
  assert.deepEqual(listed.filter((path) => !served.includes(path)), []);
  const outside = served.filter((path) => !/ \/(api\/|session|events)/.test(path)); // not of browsers
  assert.deepEqual(outside.toSorted(), listed.toSorted());
});
