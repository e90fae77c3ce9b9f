import assert from "node:assert/strict";

/** The kinds of changes that Keep a Changelog 1.1.0 knows, in its order. */
const KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

const text = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
const sections = text.split(/^## /m).slice(1);

Deno.test("the changelog's sections are what comes next and releases with their dates, newest first", () => {
  const heads = sections.map((section) => section.split("\n")[0] ?? "");
  assert.equal(heads[0], "Unreleased");
  const dates = heads.slice(1).map((head) => head.match(/^\[?\d+\.\d+\.\d+\S* - (\d{4}-\d{2}-\d{2})$/)?.[1]);
  assert.ok(dates.every((date) => date !== undefined), heads.join());
  assert.deepEqual(dates, dates.toSorted().toReversed());
});

Deno.test("every change in the changelog stands under its kind, and no kind twice or empty", () => {
  for (const section of sections) {
    const [head = "", ...groups] = section.split(/^### /m);
    assert.equal(head.split("\n").slice(1).join("").trim(), "", "before the first kind");
    const kinds = groups.map((group) => group.split("\n")[0] ?? "");
    assert.deepEqual(kinds, KINDS.filter((kind) => kinds.includes(kind)));
    for (const group of groups) {
      const lines = group.split("\n").slice(1).filter((line) => line !== "");
      assert.ok(lines[0]?.startsWith("- ") && lines.every((line) => /^(- | {2})/.test(line)), group);
    }
  }
});
