import type { Env } from "../../data_dir.ts";

const REFERENCE = /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^}]*))?\}/g;

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?message}` by the environment's values; `$$` is one `$`.
 * Throws an `Error` with a message for people when a variable without default is not set.
 */
export function substitute(text: string, env: Env): string {
  return text.replace(REFERENCE, (whole, name?: string, operator?: string, rest?: string) => {
    if (name === undefined) return whole === "$$" ? "$" : whole;
    const value = env(name);
    if (value !== undefined && value !== "") return value;
    if (operator === "-") return rest ?? "";
    throw new Error(operator === "?" && rest ? `${name}: ${rest}` : `the environment variable ${name} is not set`);
  });
}
