import { dirname, join } from "node:path";

/** Files that the tests of some folders need and that are made, not kept. */
const MADE = "gateway/dashboard/dist";

/** The reference material beside the checkout (tests/needs.ts). */
const SHARED = "../shared";

/** A copy of the checkout as it is now, in a temporary folder: what is not committed is in it, what is ignored is not. */
export async function copyOfCheckout(root: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "mutants-" });
  const path = join(folder, "tree");
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    cwd: root,
  }).output();
  const names = new TextDecoder().decode(stdout).split("\0").filter((name) => name !== "");
  for (const name of [...names, ...await made(root)]) await copyFile(join(root, name), join(path, name));
  await Deno.symlink(join(root, SHARED), join(path, SHARED)); // to nowhere, where there is none
  return { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

async function made(root: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(join(root, MADE))) if (isFile) names.push(`${MADE}/${name}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // the page was never built: most tests go without
  }
  return names;
}

/** A file that was deleted and not committed yet is not there. */
async function copyFile(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.copyFile(from, to).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
