import assert from "node:assert/strict";
import { runtimeLock } from "../../packaging/runtime_lock.ts";
import { at } from "../gateway/api/fixture.ts";

const root = new URL("../../", import.meta.url);

Deno.test("the executable carries the packages it runs with, at the versions of the lock file, and no others", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", "main.ts"], cwd: root })
    .output();
  const full: unknown = JSON.parse(await Deno.readTextFile(new URL("deno.lock", root)));
  const lock: unknown = JSON.parse(runtimeLock(JSON.parse(new TextDecoder().decode(stdout)), full));
  const packages = Object.entries(Object(at(lock, "npm")));
  for (const [name, entry] of packages) assert.deepEqual(entry, at(full, "npm", name), name);
  const names = packages.map(([name]) => name.replace(/(?<=.)@.*$/, ""));
  for (const needed of ["hono", "zod", "mqtt", "aedes", "yaml", "mqtt-packet"]) {
    assert.ok(names.includes(needed), needed);
  }
  for (const other of ["esbuild", "fast-check", "playwright-core"]) assert.ok(!names.includes(other), other);
  assert.ok(!names.some((name) => name.startsWith("@esbuild/")));
});
