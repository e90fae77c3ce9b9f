import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, Scalar, visit } from "yaml";
import type { z } from "zod";
import { knownKeys } from "./json_schema.ts";
import { nearest } from "./nearest.ts";

/** A place in a file and what is wrong there. */
interface TextFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

type Parsed<T> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly faults: readonly TextFault[];
};

/** What stands for a text in a file; throws an `Error` for people when nothing does. */
type FillIn = (text: string) => string;

/**
 * Parses YAML and checks all of it against a schema. Every fault says where it is, and an unknown key which was probably
 * meant. `fillIn`: what becomes of the texts in it before.
 */
export function parseYaml<S extends z.ZodType>(text: string, schema: S, fillIn?: FillIn): Parsed<z.infer<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = document.errors.map((error) => ({ ...at(error.pos[0]), message: firstLine(error.message) }));
  if (broken.length > 0) return { ok: false, faults: broken };
  const unset = (fillIn ? filled(document, fillIn) : []).map(({ node, message }) => ({
    ...at(node.range?.[0] ?? 0),
    message,
  }));
  if (unset.length > 0) return { ok: false, faults: unset };
  const content = plainOf(document);
  if ("alias" in content) return { ok: false, faults: [{ ...at(0), message: content.alias }] };
  const checked = schema.safeParse(content.value ?? {});
  if (checked.success) return { ok: true, value: checked.data };
  const faults = checked.error.issues.flatMap(leaves).map((issue) => ({
    ...at(offsetOf(document, issue)),
    message: describe(issue, schema, document),
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
function filled(document: Document, fillIn: FillIn): { node: Scalar; message: string }[] {
  const faults: { node: Scalar; message: string }[] = [];
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== "string" || !node.value.includes("$")) return;
      try {
        node.value = retyped(node, fillIn(node.value));
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

/** So many words are listed to choose from; of more, the one that was probably meant. */
const LISTED = 16;

function describe(issue: Issue, schema: z.ZodType, document: Document): string {
  const path = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("").slice(1);
  if (issue.code === "invalid_value" && issue.values.length > LISTED) {
    const word = String(document.getIn(issue.path));
    const meant = nearest(word, issue.values.map(String));
    return `${path}: "${word}" is not known${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
  }
  if (issue.code !== "unrecognized_keys") return `${path || "file"}: ${issue.message}`;
  const unknown = issue.keys.map((key) => `"${key}"`).join(", ");
  const meant = issue.keys.map((key) => nearest(key, knownKeys(schema, issue.path))).find((key) => key !== undefined);
  return `${path || "file"}: unknown key ${unknown}${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
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
