import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "./process.ts";

const root = new URL("../../", import.meta.url);

/** The executable brings its own; for the source they are made first. */
async function makeNotices(): Promise<void> {
  if (Deno.env.get("ECOWATT_BIN")) return;
  const args = ["run", "-A", fileURLToPath(new URL("packaging/notices.ts", root))];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test("the program prints its licence, and the notices of all that it holds, wherever it is", async () => {
  await makeNotices();
  const folder = await Deno.makeTempDir();
  const { code, out, err } = await run(["licences"], { cwd: folder });
  await Deno.remove(folder);
  assert.equal(code, 0, err);
  assert.ok(out.includes((await Deno.readTextFile(new URL("LICENSE", root))).trim()));
  assert.match(out, /\nDeno, the runtime\nLicence: MIT\n/);
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  for (const name of ["commander", "hono", "zod", "mqtt", "aedes"]) {
    assert.ok(name in imports, `${name} is a package of the program`);
    assert.match(out, new RegExp(`\\n${name} [\\d.]+[^\\n]*\\nLicence: [^\\n]+\\n`), name);
  }
});
