import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isSlow, libraries, testExamples } from "./examples.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("the examples have right types", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--doc", ...libraries.map(({ path }) => path)],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
});

testExamples(libraries.filter(isSlow));
