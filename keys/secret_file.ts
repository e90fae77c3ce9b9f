/** Bits of a file's mode that let others than its owner in. */
const OTHERS = 0o077;

/** The trimmed text of a file that only its owner may read. Throws an `Error` for people that never shows it. */
export async function readSecretFile(path: string): Promise<string> {
  const { mode } = await fileOf(path, () => Deno.stat(path));
  if (mode !== null && (mode & OTHERS) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    throw new Error(`Cannot use ${path}: its mode is ${octal}, others can read it; chmod 600 ${path}`);
  }
  return (await fileOf(path, () => Deno.readTextFile(path))).trim();
}

/** Writes a secret to a new file of mode 0600. Throws an `Error` for people; never overwrites. */
export async function writeNewSecretFile(path: string, secret: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, `${secret}\n`, { createNew: true, mode: 0o600 });
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists ? "it exists already and is not overwritten" : reason(error);
    throw new Error(`Cannot write ${path}: ${why}`, { cause: error });
  }
}

async function fileOf<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not";
  return error instanceof Error ? error.message : String(error);
}
