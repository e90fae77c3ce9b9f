import assert from "node:assert/strict";
import { circlesIn, importGraph, RANKS, upward, wrongWays } from "./imports.ts";

Deno.test("imports run one way", async (t) => {
  const graph = await importGraph();
  assert.ok(graph.size > 500 && graph.get("main.ts")?.includes("cli/program.ts"));
  const circles = circlesIn(graph);
  await t.step(`${circles.length} circles among ${graph.size} files`, () => assert.deepEqual(circles, []));
  await t.step("main, cli, roles, ota, keys, protocol, crypto", () => assert.deepEqual(wrongWays(graph), []));
  for (const [house, ranks] of Object.entries(RANKS)) {
    const order = ranks.map((row) => row.join(" ")).join(" < ");
    await t.step(`${house}: ${order}`, () => assert.deepEqual(upward(graph, house, ranks), []));
  }
});

Deno.test("an import that points the wrong way is found", () => {
  const graph = new Map([
    ["gateway/store/a.ts", ["gateway/store/b.ts", "gateway/api/c.ts", "gateway/fault.ts"]],
    ["gateway/store/b.ts", ["gateway/store/d.ts", "cli/e.ts"]],
    ["gateway/store/d.ts", ["gateway/store/a.ts"]],
    ["gateway/api/c.ts", ["gateway/store/b.ts", "gateway/http/f.ts"]],
    ["gateway/http/f.ts", ["gateway/http/f.ts"]],
    ["gateway/new/g.ts", []],
    ["gateway/fault.ts", []],
  ]);
  const circles = circlesIn(graph).map((circle) => circle.toSorted());
  assert.deepEqual(circles, [
    ["gateway/http/f.ts"],
    ["gateway/api/c.ts", "gateway/store/a.ts", "gateway/store/b.ts", "gateway/store/d.ts"],
  ]);
  assert.deepEqual(wrongWays(graph), ["gateway/store/b.ts imports cli/e.ts"]);
  assert.deepEqual(upward(graph, "gateway", [["fault.ts"], ["store"], ["api", "http"]]), [
    "gateway/new/g.ts has no rank",
    "gateway/store/a.ts imports gateway/api/c.ts",
    "gateway/api/c.ts imports gateway/http/f.ts",
  ]);
});
