import { readSecretFile } from "../../keys/secret_file.ts";

/** A password as the configuration gives it: itself, or in a file. */
interface SecretSource {
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
}

/** The password, `undefined` when there is none. Throws an `Error` with one line for people that never shows it. */
export async function readPassword({ password, password_file: path }: SecretSource): Promise<string | undefined> {
  if (path === undefined) return password;
  const text = await readSecretFile(path);
  if (text === "") throw new Error(`Cannot use ${path}: it is empty`);
  return text;
}
