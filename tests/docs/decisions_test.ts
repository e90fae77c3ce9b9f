import assert from "node:assert/strict";
import { decisionHead } from "../../docs/make/decisions_page.ts";

const folder = new URL("../../docs/decisions/", import.meta.url);
const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name !== "README.md").toSorted();
const texts = new Map(names.map((name) => [name.slice(0, 3), Deno.readTextFileSync(new URL(name, folder))]));

Deno.test("every decision has a number of its own, a status, a date, and the same parts", () => {
  assert.ok(names.length > 70);
  assert.equal(texts.size, names.length, "a number is given twice");
  for (const [number, text] of texts) {
    const head = decisionHead(text);
    assert.equal(head.number, number);
    assert.match(head.status, /^(Accepted|Superseded (in part )?by \d{3}( and \d{3})*)$/, number);
    assert.ok(!Number.isNaN(Date.parse(head.date)), number);
    const parts = [...text.matchAll(/^## (.*)$/gm)].map(([, part]) => part);
    assert.deepEqual(parts, ["Context", "Decision", "Consequences"], number);
  }
});

Deno.test("a decision that was superseded says by which, and that one names it", () => {
  for (const [number, text] of texts) {
    const { status, date } = decisionHead(text);
    for (const successor of status.match(/\d{3}/g) ?? []) {
      const later = texts.get(successor);
      assert.ok(later !== undefined && successor !== number, `${number} is superseded by ${successor}`);
      assert.ok(decisionHead(later).date >= date, `${successor} is older than ${number}`);
      assert.match(later, new RegExp(`\\b${number}\\b`), `${successor} does not name ${number}`);
    }
  }
});

Deno.test("a decision without a head like the others is not listed", () => {
  const good = "# 001: A title\n\n- Status: Accepted\n- Date: 2026-11-23\n\n## Context\n";
  assert.deepEqual(decisionHead(good), { number: "001", title: "A title", status: "Accepted", date: "2026-11-23" });
  for (const part of ["001: ", "- Status: Accepted\n", "- Date: 2026-11-23\n", "## Context\n"]) {
    assert.throws(() => decisionHead(good.replace(part, "")), /^Error: Cannot read the decision "# (001: )?A title"/);
  }
});
