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
  for (const folder of ["docs", "docs/decisions"]) {
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
