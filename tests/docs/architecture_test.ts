import assert from "node:assert/strict";
import { ALLOWED } from "../imports.ts";
import { blocks } from "./text.ts";

Deno.test("the diagram of docs/architecture.md shows exactly the imports that are allowed", async () => {
  const path = "docs/architecture.md";
  const text = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
  const arrows = blocks({ path, text }, "mermaid").flatMap((block) => [...block.matchAll(/^\s*(\S+) --> (\S+)$/gm)])
    .map(([, from, to]) => `${from} imports ${to}`);
  const allowed = Object.entries(ALLOWED).flatMap(([from, targets]) =>
    targets.filter((to) => to !== "deno.json").map((to) => `${from} imports ${to}`)
  );
  assert.deepEqual(arrows.toSorted(), allowed.toSorted());
});
