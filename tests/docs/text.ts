import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A document of the repository. */
export interface Page {
  /** From the root: `docs/mqtt.md`. */
  readonly path: string;
  readonly text: string;
}

/** Every Markdown file that people read. */
export async function pages(): Promise<readonly Page[]> {
  const paths = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "keys/README.md"];
  for (const folder of ["docs", "docs/contract", "docs/decisions"]) {
    for await (const { name } of Deno.readDir(join(root, folder))) {
      if (name.endsWith(".md")) paths.push(`${folder}/${name}`);
    }
  }
  return await Promise.all(
    paths.sort().map(async (path) => ({ path, text: await Deno.readTextFile(join(root, path)) })),
  );
}

/** The blocks of a language in a page. */
export function blocks({ text }: Page, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, kind, block = ""]) =>
    kind === language ? [block] : []
  );
}

/** What is made, and what is not ours. */
const NOT_SOURCES = new Set(["dist", "node_modules"]);

/** Every text of the repository that people write: code, documents, scripts. */
export async function sources(folder = ""): Promise<readonly Page[]> {
  const found: Page[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (name.startsWith(".") || NOT_SOURCES.has(name)) continue;
    if (isDirectory) found.push(...await sources(path));
    else if (/\.(tsx?|md|ya?ml|sh)$/.test(name)) found.push({ path, text: await Deno.readTextFile(join(root, path)) });
  }
  return found;
}
