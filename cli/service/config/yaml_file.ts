import type { z } from "zod";
import { parseYaml as parse } from "../../../platform/yaml_text.ts";
import type { Env } from "../../data_dir.ts";
import { usage } from "../../terminal/exit.ts";
import { readingTrouble } from "../../terminal/reading_trouble.ts";
import { substitute } from "./environment.ts";

/** Reads and checks a file; whatever is wrong with it is a usage fault that names the file, the lines and the columns. */
export async function loadYaml<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
  const parsed = parseYaml(await readText(path), schema, (name) => Deno.env.get(name));
  if (parsed.ok) return parsed.value;
  throw usage(parsed.faults.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`).join("\n"));
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw usage(`Cannot read ${path}: ${readingTrouble(error)}`);
  }
}

/** Parses YAML, fills in the environment's values and checks all of it against a schema. Every fault says where it is. */
export function parseYaml<S extends z.ZodType>(text: string, schema: S, env: Env) {
  return parse(text, schema, (part) => substitute(part, env));
}
