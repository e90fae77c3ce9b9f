const ROOT = new URL("../", import.meta.url);
/** Below the root, as every folder of ours is: see platform/program_files.ts. */
const BUNDLE = "dist/program.js";

/**
 * The program and the packages it uses as one file of JavaScript without white space, at the versions of the lock file
 * (docs/decisions/044-one-module-in-the-executable.md). Names stay, for the traces in logs. Gives its path from the root;
 * disposing removes it.
 */
export async function bundleProgram(path = BUNDLE): Promise<AsyncDisposable & { readonly path: string }> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", "--output", path, "main.ts"],
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  if (!success) throw new Error("Cannot put the program into one file");
  const file = new URL(path, ROOT);
  await Deno.writeTextFile(file, await compressed(await Deno.readTextFile(file)));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(file) };
}

async function compressed(source: string): Promise<string> {
  const { stop, transform } = await import("esbuild");
  try {
    const { code } = await transform(source, {
      format: "esm",
      target: "esnext",
      minifyWhitespace: true,
      minifySyntax: true,
      charset: "ascii", // V8 keeps any other text with two bytes a character
      legalComments: "eof",
      logLevel: "warning",
    });
    return code;
  } finally {
    await stop();
  }
}
