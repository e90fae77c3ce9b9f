import { usage } from "./exit.ts";

/** Bits of a file's mode that let others than its owner in. */
const OTHERS = 0o077;

/** The trimmed text of a file that only its owner may read. Refuses others with a usage fault that never shows it. */
export async function readSecretFile(path: string): Promise<string> {
  let text: string;
  let mode: number | null;
  try {
    ({ mode } = await Deno.stat(path));
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw usage(
      `Cannot read ${path}: ${error instanceof Deno.errors.NotFound ? "there is no such file" : "no access"}`,
    );
  }
  if (mode !== null && (mode & OTHERS) !== 0) throw usage(`Others may read ${path}: chmod 600 ${path}`);
  return text.trim();
}

/** Writes a secret to a new file of mode 0600; refuses to overwrite one. */
export async function writeNewSecretFile(path: string, secret: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, `${secret}\n`, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw usage(`${path} exists already and is not overwritten`);
    throw usage(`Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
