import { dirname } from "node:path";
import { type Bytes, utf8 } from "../crypto/bytes.ts";
import { syncDirectory, writeFileAtomic } from "../platform/files.ts";

/** Bits of a file's mode that let others than its owner in. */
const OTHERS = 0o077;
const SECRET_MODE = 0o600;

/** Why a file with a secret cannot be used: it is not there, this user may not, others may, it is there already, or else. */
type SecretFileFault = "missing" | "denied" | "open_to_others" | "exists" | "not_hex" | "failed";

/** A file with a secret that cannot be used. The message is for people and never shows the secret. */
export class SecretFileError extends Error {
  readonly code: SecretFileFault;

  constructor(code: SecretFileFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What is done about a file that others can read: told, and the file is used all the same. */
export type WarnOfSecret = (warning: string) => void;

/**
 * The bytes of a file with a secret. Throws a `SecretFileError`; one that others can read is refused, or told to `warn` where
 * that is given.
 */
export async function readSecret(path: string, warn?: WarnOfSecret): Promise<Bytes> {
  try {
    const { mode } = await Deno.stat(path);
    if (mode !== null && (mode & OTHERS) !== 0) openToOthers(path, mode, warn);
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof SecretFileError) throw error;
    const [code, why] = reason(error);
    throw new SecretFileError(code, `Cannot read ${path}: ${why}`, { cause: error });
  }
}

/** The trimmed text of a file that only its owner may read. Throws a `SecretFileError`. */
export async function readSecretFile(path: string): Promise<string> {
  return new TextDecoder().decode(await readSecret(path)).trim();
}

/** The key of 32 bytes that stands in a file of its own as 64 hex digits, in these digits. Throws a `SecretFileError`. */
export async function readHexKey(path: string): Promise<string> {
  const text = await readSecretFile(path);
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text;
  throw new SecretFileError("not_hex", `Cannot use ${path}: it does not hold a key of 64 hex digits`);
}

/**
 * Makes a file of mode 0600, whole on the disk when this resolves. False when there is one of that name already, which
 * stays as it is: of two who make it at the same time one is too late.
 */
export async function createSecretFile(path: string, content: Bytes): Promise<boolean> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await writeFileAtomic(temporary, content, SECRET_MODE);
    const made = await linked(temporary, path);
    await Deno.remove(temporary);
    await syncDirectory(dirname(path));
    return made;
  } catch (error) {
    const [code, why] = reason(error);
    throw new SecretFileError(code, `Cannot write ${path}: ${why}`, { cause: error });
  }
}

/** A link is made or not: no name is ever taken away from another file. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await Deno.link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    await Deno.remove(from);
    throw error;
  }
}

/** Writes a line with a secret to a new file of mode 0600. Throws a `SecretFileError`; never overwrites. */
export async function writeNewSecretFile(path: string, secret: string): Promise<void> {
  if (await createSecretFile(path, utf8(`${secret}\n`))) return;
  throw new SecretFileError("exists", `Cannot write ${path}: it exists already and is not overwritten`);
}

/** Writes a line with a secret to a file of mode 0600, in place of the one that was there: it is the old or the new one. */
export async function replaceSecretFile(path: string, secret: string): Promise<void> {
  await writeFileAtomic(path, utf8(`${secret}\n`), SECRET_MODE);
}

function openToOthers(path: string, mode: number, warn: WarnOfSecret | undefined): void {
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  const text = `its mode is ${octal}, others can read it; chmod 600 ${path}`;
  if (!warn) throw new SecretFileError("open_to_others", `Cannot use ${path}: ${text}`);
  warn(`${path} should be read by its owner only: ${text}`);
}

function reason(error: unknown): [SecretFileFault, string] {
  if (error instanceof Deno.errors.NotFound) return ["missing", "there is no such file"];
  if (error instanceof Deno.errors.PermissionDenied) return ["denied", "this user may not"];
  return ["failed", error instanceof Error ? error.message : String(error)];
}
