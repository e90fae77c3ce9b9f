import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What the next release does to each database: a column that the old one does not know, and a table. */
const MIGRATION = `"ALTER TABLE TABLE_NAME ADD COLUMN next_release TEXT NOT NULL DEFAULT 'new';
  CREATE TABLE next_release (id INTEGER PRIMARY KEY) STRICT;"`;

/**
 * The same program as a later release with a further migration of the node's and the gateway's database, made from the
 * sources into `folder`. Gives its command.
 */
export async function nextRelease(folder: string, version: string): Promise<readonly string[]> {
  const listed = await run(["ls-files", "-z"], { program: ["git"], cwd: root });
  const parts =
    /^(main\.ts|deno\.(json|lock)|(cli|crypto|device|gateway|keys|ota|packaging|platform|profiles|protocol)\/)/;
  for (const path of listed.out.split("\0").filter((path) => parts.test(path))) {
    const target = join(folder, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(join(root, path), target);
  }
  await edit(join(folder, "deno.json"), /"version": "[^"]+"/, `"version": "${version}"`);
  await migrate(join(folder, "device/store/database.ts"), "block");
  await migrate(join(folder, "gateway/store/database.ts"), "device");
  const node = join(folder, "device/node.ts");
  await edit(node, /log\.info\("node started/, 'log.info("the next release runs on its own schema: node started');
  return [Deno.execPath(), "run", "-A", "--no-lock", join(folder, "main.ts")];
}

/** Appends to the list of migrations, which is the file's first list that ends at the margin. */
async function migrate(path: string, table: string): Promise<void> {
  await edit(
    path,
    /,?\n?\];\n/,
    () => `,\n${MIGRATION.replaceAll('"', "`").replace("TABLE_NAME", table)}];\n`,
  );
}

async function edit(path: string, pattern: RegExp, replacement: string | ((...parts: string[]) => string)) {
  const text = await Deno.readTextFile(path);
  const changed = typeof replacement === "string"
    ? text.replace(pattern, replacement)
    : text.replace(pattern, replacement);
  if (changed === text) throw new Error(`nothing to change in ${path}: ${pattern}`);
  await Deno.writeTextFile(path, changed);
}
