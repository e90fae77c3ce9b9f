import { readHexKey, SecretFileError } from "../../keys/secret_file.ts";
import type { z } from "zod";
import { usage } from "./exit.ts";

/** Checks what the flags made; every fault at once, named as the flag that the user typed. */
export function checked<S extends z.ZodType>(schema: S, values: Record<string, unknown>): z.infer<S> {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw usage(result.error.issues.map((issue) => `${flagOf(issue.path)}: ${issue.message}`).join("; "));
}

function flagOf(path: readonly PropertyKey[]): string {
  const name = String(path[0] ?? "arguments");
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** For commander: a whole number within bounds, or a usage fault. */
export function integer(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw usage(`"${text}" is not a whole number from ${low} to ${high}`);
  };
}

/** For commander: a number, or a usage fault. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw usage(`"${text}" is not a number`);
  return value;
}

/** The device key in a file that was named: 64 hex digits. */
export async function keyIn(path: string): Promise<string> {
  try {
    return await readHexKey(path);
  } catch (error) {
    throw error instanceof SecretFileError && error.code === "not_hex" ? usage(error.message) : error;
  }
}
