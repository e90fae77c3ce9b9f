import assert from "node:assert/strict";

const page = new URL("../../docs/security.md", import.meta.url);

Deno.test("every test that docs/security.md names is there, by its name", async () => {
  const text = await Deno.readTextFile(page);
  const rows = [...text.matchAll(/\[([^\]]+)\]\((\.\.\/tests\/[^)]+)\)/g)];
  assert.ok(rows.length >= 18, `${rows.length} attacks`);
  for (const [, name = "", file = ""] of rows) {
    const source = await Deno.readTextFile(new URL(file, page));
    assert.ok(source.includes(`Deno.test("${name}"`), `${file} has no test "${name}"`);
  }
});
