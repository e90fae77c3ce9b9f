import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ALLOWED, modulesFrom } from "./imports.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

function house(specifier: string): string | undefined {
  if (!specifier.startsWith("file:")) return undefined;
  const path = relative(root, fileURLToPath(specifier));
  return path.split("/")[0];
}

Deno.test("imports run one way: main, cli, roles, protocol, crypto", async () => {
  const violations: string[] = [];
  let edges = 0;
  for (const module of await modulesFrom("main.ts")) {
    const from = house(module.specifier);
    if (from === undefined) continue;
    for (const dependency of module.dependencies ?? []) {
      const to = house(dependency.code?.specifier ?? dependency.type?.specifier ?? "");
      if (to === undefined || to === from) continue;
      edges++;
      if (!ALLOWED[from]?.includes(to)) violations.push(`${from} imports ${to} (${module.specifier})`);
    }
  }
  assert.deepEqual(violations, []);
  assert.ok(edges > 0);
});
