import assert from "node:assert/strict";

const FOLDERS = ["modbus", "serial"] as const;

Deno.test("modbus and serial use nothing of device but each other: they can be lifted out", () => {
  const strangers = FOLDERS.flatMap((folder) => {
    const path = new URL(`../../../device/${folder}/`, import.meta.url);
    return [...Deno.readDirSync(path)].flatMap(({ name }) => {
      const imports = Deno.readTextFileSync(new URL(name, path)).matchAll(/from "(\.\.\/[^"]+)"/g);
      return [...imports].map(([, from = ""]) => new URL(from, path).pathname)
        .filter((from) => /\/device\//.test(from) && !FOLDERS.some((ours) => from.includes(`/device/${ours}/`)))
        .map((from) => `${folder}/${name} imports ${from}`);
    });
  });
  assert.deepEqual(strangers, []);
});
