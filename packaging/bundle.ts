import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
/** Below the root, as every folder of ours is: see platform/program_files.ts. */
const BUNDLE = "dist/program.js";

/** The program in one file. */
interface ProgramBundle {
  /** From the root. */
  readonly path: string;
  /** The files of which there is code in it. */
  readonly modules: readonly string[];
}

/**
 * The program and the packages it uses as one file of JavaScript without white space, at the versions of the lock file
 * (docs/decisions/044-one-module-in-the-executable.md). Names stay, for the traces in logs. Disposing removes the file.
 */
export async function bundleProgram(path = BUNDLE): Promise<AsyncDisposable & ProgramBundle> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "deno", "--output", path, "main.ts"],
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  if (!success) throw new Error("Cannot put the program into one file");
  const file = new URL(path, ROOT);
  const source = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, await compressed(source));
  return { path, modules: modulesIn(source), [Symbol.asyncDispose]: () => Deno.remove(file) };
}

/** The bundler writes above the code of each module where it comes from, seen from the root. */
function modulesIn(source: string): readonly string[] {
  return [...source.matchAll(/^\s*\/\/ (\S+\.[a-z]+)$/gm)].map(([, path = ""]) => fileURLToPath(new URL(path, ROOT)));
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
