import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { bundleProgram } from "../../packaging/bundle.ts";

const root = new URL("../../", import.meta.url);
/** What there is of it beside the checkout: no packages, no configuration, no network. */
const ALONE = ["--no-npm", "--no-remote", "--no-config", "--no-lock", "--cached-only", "--no-prompt"];

Deno.test("the program in the executable is one file that needs no package, and runs", async () => {
  await using program = await bundleProgram("dist/program_under_test.js");
  const text = await Deno.readTextFile(new URL(program.path, root));
  assert.equal(new TextEncoder().encode(text).length, text.length, "there is text that is not ASCII");
  const imported = [...text.matchAll(/\bfrom\s?"([^"]+)";/g)].map(([, name]) => name ?? "");
  assert.ok(imported.length > 0);
  assert.deepEqual(imported.filter((name) => !name.startsWith("node:")), []);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...ALONE, program.path, "version"],
    cwd: root,
  }).output();
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(stdout), new RegExp(`\\b${config.version.replaceAll(".", "\\.")}\\b`));
});
