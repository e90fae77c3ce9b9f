import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { pageModules } from "../../gateway/dashboard/build.ts";
import { bundleProgram } from "../../packaging/bundle.ts";
import { notices } from "../../packaging/notices.ts";
import { licenceTexts, packagesOf } from "../../packaging/npm_package.ts";
import { modulesFrom } from "../imports.ts";

/** A package in a cache like Deno's; gives a module of it. */
async function writePackage(cache: string, facts: { name: string; license: string }, files: Record<string, string>) {
  const module = join(cache, "npm/registry.example", facts.name, "1.2.3/dist/index.js");
  await Deno.mkdir(dirname(module), { recursive: true });
  const all = { "package.json": JSON.stringify({ ...facts, version: "1.2.3" }), ...files };
  for (const [name, text] of Object.entries(all)) await Deno.writeTextFile(join(dirname(module), "..", name), text);
  return module;
}

Deno.test("every package with code in the executable or its page is in the notices, with the text of its licence", async () => {
  await using program = await bundleProgram("dist/program_of_notices.js");
  const modules = [...program.modules, ...await pageModules()];
  const text = notices(modules);
  const packages = packagesOf(modules);
  for (const npm of packages) {
    const [before, own = ""] = text.split(`\n${npm.name} ${npm.version}\nLicence: ${npm.licence}\n`);
    assert.ok(before !== text, npm.name);
    const texts = licenceTexts(npm);
    if (texts.length === 0) assert.match(own, /^Stated here: .{20,}\n\nMIT License\n\nCopyright \(c\) [A-Z]/, npm.name);
    for (const licence of texts) assert.ok(own.startsWith(`\n${licence}`) || own.includes(`\n\n${licence}`), npm.name);
  }
  // Not by the names of files in a bundle, but by what our own code imports: none may be missing.
  const graph = await modulesFrom("main.ts");
  const imported = graph.flatMap(({ dependencies = [] }) => dependencies).flatMap(({ code }) =>
    code?.specifier.match(/^npm:\/?((?:@[^/]+\/)?[^/@]+)@/)?.[1] ?? []
  );
  const named = new Set(packages.map(({ name }) => name));
  assert.ok(new Set(imported).size >= 10);
  assert.deepEqual([...imported, "preact", "uplot"].filter((name) => !named.has(name)), []);
  assert.ok(
    !named.has("esbuild") && !named.has("playwright-core"),
    "what only builds or tests is not in the executable",
  );
});

Deno.test("a package without the text of its licence, or under one that was not accepted, is refused by name", async () => {
  const cache = await Deno.makeTempDir({ prefix: "ecowatt-notices-" });
  try {
    const good = await writePackage(cache, { name: "@some/good", license: "ISC" }, { "LICENCE.md": "As you like.\n" });
    assert.match(notices([good, "/elsewhere/main.ts"]), /\n@some\/good 1\.2\.3\nLicence: ISC\n\nAs you like\.\n$/);
    const mute = await writePackage(cache, { name: "mute", license: "MIT" }, { "README.md": "MIT" });
    assert.throws(() => notices([good, mute]), /mute brings no text of its licence \(MIT\)/);
    const strict = await writePackage(cache, { name: "strict", license: "AGPL-3.0" }, { LICENSE: "All of it." });
    assert.throws(() => notices([strict]), /strict has the licence AGPL-3\.0/);
    assert.throws(() => notices(["/elsewhere/main.ts"]), /no module belongs to a package/);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("the licence is the whole Apache License 2.0, and what tells of it says the same", async () => {
  const text = await Deno.readTextFile(new URL("../../LICENSE", import.meta.url));
  assert.match(text, /^\s+Apache License\n\s+Version 2\.0, January 2004\n/);
  for (const part of ["   1. Definitions.", "   9. Accepting Warranty", "END OF TERMS AND CONDITIONS", "APPENDIX:"]) {
    assert.ok(text.includes(part), part);
  }
  assert.equal(project.license, "Apache-2.0");
  const debian = await Deno.readTextFile(new URL("../../packaging/debian/copyright", import.meta.url));
  assert.match(debian, /^Files: \*\nCopyright: .+\nLicense: Apache-2\.0$/m);
});
