// The fast tests, many files in one isolate: deno task test:fast [PATHS IN tests/…] [FLAGS OF deno test…]
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fastTestFiles, tests } from "./test_files.ts";

/**
 * Isolates for each core. Each file in an isolate of its own would be started, and would read zod, the store and the protocol,
 * three hundred times: that took longer than the tests.
 */
const ISOLATES_A_CORE = 4;

/** Files in memory: the tests commit thousands of times, and nobody cuts the power of the machine under them. */
const MEMORY = "/dev/shm";

/** The files dealt to so many hands, so that neighbours, which are alike in cost, are not in one. */
export function deal(files: readonly string[], hands: number): readonly (readonly string[])[] {
  const dealt = Array.from({ length: Math.min(hands, files.length) }, (_, hand) => hand);
  return dealt.map((hand) => files.filter((_, index) => index % hands === hand));
}

/** Whether a file is among the paths that were asked for: all are where none was. */
export function isAsked(file: string, paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some((path) => join("tests", file).startsWith(path.replace(/^\.\//, "")));
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then((found) => found.isDirectory, () => false);
}

/** Writes a module for each hand, which imports its files, and has `deno test` run them; says how that ended. */
async function run(files: readonly string[], flags: readonly string[]): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "ecowatt-fast-" });
  try {
    const hands = deal(files, ISOLATES_A_CORE * navigator.hardwareConcurrency);
    const modules = hands.map((hand) => hand.map((file) => `import "${pathToFileURL(join(tests, file))}";\n`).join(""));
    await Promise.all(modules.map((text, i) => Deno.writeTextFile(join(folder, `fast_${i + 1}_test.ts`), text)));
    const memory = await isFolder(MEMORY) ? { TMPDIR: Deno.env.get("TMPDIR") ?? MEMORY } : {};
    const env = { DENO_JOBS: String(navigator.hardwareConcurrency + 1), ...memory }; // one of them waits, mostly
    const args = ["test", "-A", "--parallel", "--no-check", "--reporter=dot", ...flags, folder];
    return (await new Deno.Command(Deno.execPath(), { args, env, cwd: join(tests, "..") }).spawn().status).code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const paths = Deno.args.filter((arg) => !arg.startsWith("-"));
  const files = (await fastTestFiles()).filter((file) => isAsked(file, paths));
  if (files.length === 0) {
    await Deno.stderr.write(new TextEncoder().encode(`No fast test in ${paths.join(", ")}\n`));
    Deno.exit(2);
  }
  Deno.exit(await run(files, Deno.args.filter((arg) => arg.startsWith("-"))));
}
