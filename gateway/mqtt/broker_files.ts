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

/** PEM certificates. Throws an `Error` with one line for people. */
export async function readCertificates(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : "no access";
    throw new Error(`Cannot read ${path}: ${why}`, { cause: error });
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`Cannot use ${path}: it holds no PEM certificate`);
  return text;
}
