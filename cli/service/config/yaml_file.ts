import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, Scalar, visit } from "yaml";
import type { z } from "zod";
import type { Env } from "../../data_dir.ts";
import { substitute } from "./environment.ts";
import { usage } from "../../terminal/exit.ts";
import { readingTrouble } from "../../terminal/reading_trouble.ts";

/** A place in a file and what is wrong there. */
interface FileFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

type Parsed<T> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly faults: readonly FileFault[];
};

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
export function parseYaml<S extends z.ZodType>(text: string, schema: S, env: Env): Parsed<z.infer<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = document.errors.map((error) => ({ ...at(error.pos[0]), message: firstLine(error.message) }));
  if (broken.length > 0) return { ok: false, faults: broken };
  const unset = fillIn(document, env).map(({ node, message }) => ({ ...at(node.range?.[0] ?? 0), message }));
  if (unset.length > 0) return { ok: false, faults: unset };
  const content = plainOf(document);
  if ("alias" in content) return { ok: false, faults: [{ ...at(0), message: content.alias }] };
  const checked = schema.safeParse(content.value ?? {});
  if (checked.success) return { ok: true, value: checked.data };
  const faults = checked.error.issues.flatMap(leaves).map((issue) => ({
    ...at(offsetOf(document, issue)),
    message: describe(issue),
  }));
  return { ok: false, faults: faults.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** What the document says, or what is wrong with an alias in it: it names nothing, or they multiply without bound. */
function plainOf(document: Document): { readonly value: unknown } | { readonly alias: string } {
  try {
    return { value: document.toJS() };
  } catch (error) {
    if (error instanceof ReferenceError) return { alias: firstLine(error.message) };
    throw error;
  }
}

/** Replaces references in scalars, after parsing: a value cannot smuggle in structure. */
function fillIn(document: Document, env: Env): { node: Scalar; message: string }[] {
  const faults: { node: Scalar; message: string }[] = [];
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== "string" || !node.value.includes("$")) return;
      try {
        node.value = retyped(node, substitute(node.value, env));
      } catch (error) {
        faults.push({ node, message: error instanceof Error ? error.message : String(error) });
      }
    },
  });
  return faults;
}

/** An unquoted `${PORT}` becomes the number that stands in the variable. */
function retyped(node: Scalar, text: string): unknown {
  if (node.type !== Scalar.PLAIN) return text;
  const value: unknown = parseDocument(text).toJS();
  return typeof value === "number" || typeof value === "boolean" ? value : text;
}

type Issue = z.core.$ZodIssue;

/** The branch of a union that came closest says what is wrong; the union itself says only that something is. */
function leaves(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const best = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
  if (best.length === 0 || depth(best) === 0) return [issue];
  return best.flatMap((inner) => leaves({ ...inner, path: [...issue.path, ...inner.path] }));
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function describe(issue: Issue): string {
  const path = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("").slice(1);
  if (issue.code === "unrecognized_keys") {
    return `${path || "file"}: unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
  }
  return `${path || "file"}: ${issue.message}`;
}

/** Where an issue is: its value, the unknown key, or, for something missing, the nearest thing that is there. */
function offsetOf(document: Document, issue: Issue): number {
  for (let length = issue.path.length; length >= 0; length--) {
    const node = nodeAt(document, issue.path.slice(0, length));
    if (node === undefined) continue;
    if (issue.code === "unrecognized_keys" && isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && issue.keys.includes(String(key.value)));
      if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0;
    }
    return node.range?.[0] ?? 0;
  }
  return 0;
}

function nodeAt(document: Document, path: readonly PropertyKey[]): Node | undefined {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  return node !== null && typeof node === "object" && "range" in node ? node as Node : undefined;
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.replace(/ at line .*$/, "") ?? text;
}
