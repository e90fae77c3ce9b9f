import { type Document, type Operation, operationsOf } from "../../gateway/api/document/operations.ts";
import { Example } from "../../gateway/api/document/examples.ts";
import recorded from "../../gateway/api/document/examples.json" with { type: "json" };

const HEAD = `# The API

Made from \`GET /api/v1/openapi.json\`, which a running gateway serves and any OpenAPI 3.1 tool reads; the schemas and all
examples are there, this page has one of each. Every request below was carried out as it stands here, and
answered so: a test does it again.

- Operators send \`Authorization: Bearer TOKEN\` (\`ecowatt token create\`); a browser has a session instead. The role that
  an operation needs stands beside it: a viewer reads, an operator changes devices, an admin changes who may do what.
- Devices sign what they post: see [the protocol](protocol.md).
- A refusal is a problem (RFC 9457) with \`status\`, \`detail\` and, where fields are wrong, \`errors\`. 503 comes with
  \`Retry-After\`. Names that end in \`_ms\` are unix milliseconds; other times are RFC 3339 in UTC.
- Lists that can be long have \`limit\` and give \`next\` for the following page.
`;

/** \`docs/api.md\` from the document of a gateway. */
export function apiPage(document: Document): string {
  const chapters = Map.groupBy(operationsOf(document), ([, operation]) => operation.tags?.[0] ?? "more");
  const examples = Map.groupBy(recorded.map((one) => Example.parse(one)), ({ operation }) => operation);
  const parts = [...chapters].map(([tag, operations]) => {
    const sections = operations.map(([name, operation]) => section(name, operation, examples.get(name)?.[0]));
    return `## ${tag[0]?.toUpperCase()}${tag.slice(1)}\n\n${sections.join("\n")}`;
  });
  return [HEAD, ...parts].join("\n");
}

function section(name: string, operation: Operation, example: Example | undefined): string {
  const [method = "", path = ""] = name.split(" ");
  const lines = [
    `### ${method.toUpperCase()} ${path}`,
    `${operation.summary}. ${whoOf(operation)}. Refusals: ${refusalsOf(operation)}.`,
    ...(operation.description ? [operation.description] : []),
    ...parametersOf(operation),
    ...(example ? [shown(example)] : []),
  ];
  return `${lines.join("\n\n")}\n`;
}

function whoOf({ security = [] }: Operation): string {
  if (security.length === 0) return "Open to everyone";
  if (security.some((scheme) => "device" in scheme)) return "Devices";
  return `Role: ${security[0]?.["bearer"]?.[0] ?? "any"}`;
}

function refusalsOf({ responses }: Operation): string {
  return Object.keys(responses ?? {}).filter((status) => /^[45]/.test(status)).join(", ");
}

function parametersOf({ parameters = [], security = [] }: Operation): readonly string[] {
  const signed = security.some((scheme) => "device" in scheme);
  const rows = parameters.flatMap((parameter) => {
    if (!("in" in parameter) || parameter.in === "path" || signed) return [];
    const { name, description = "", schema } = parameter;
    const bounds = schema && !("$ref" in schema) ? boundsOf(schema) : "";
    return [`| \`${name}\` | ${cell([description, bounds].filter((text) => text !== "").join("; "))} |`];
  });
  return rows.length === 0 ? [] : [["| parameter | what |", "| --- | --- |", ...rows].join("\n")];
}

interface Bounded {
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
}

function boundsOf({ enum: values, minimum, maximum, default: otherwise }: Bounded): string {
  const range = minimum === undefined || maximum === undefined ? "" : `${minimum} to ${maximum}`;
  const list = values === undefined ? "" : values.map((value) => `\`${value}\``).join(", ");
  const rest = otherwise === undefined ? "" : `${JSON.stringify(otherwise)} when left out`;
  return [list, range, rest].filter((text) => text !== "").join("; ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function shown({ operation, sent, answer }: Example): string {
  const [method = "", template = ""] = operation.split(" ");
  const path = template.replace(/\{(\w+)\}/g, (_, key) => sent.path[key] ?? "");
  const query = Object.entries(sent.query).map(([key, value]) => `${key}=${value}`).join("&");
  const request = [
    `${method.toUpperCase()} ${path}${query === "" ? "" : `?${query}`}`,
    ...Object.entries(sent.headers).map(([key, value]) => `${key}: ${shortened(value)}`),
    ...(sent.body === undefined ? [] : ["", bodyOf(sent.body)]),
  ];
  const body = answer.body === undefined ? [] : [bodyOf(answer.body)];
  return ["```http", ...request, "", `${answer.status}`, ...body, "```"].join("\n");
}

function bodyOf(body: unknown): string {
  return typeof body === "string" ? body.trimEnd() : JSON.stringify(body, (_, value) => shortened(value), 2);
}

/** Keys and signatures say nothing to a reader. */
function shortened(value: unknown): unknown {
  return typeof value === "string" && value.length > 120 ? `${value.slice(0, 60)}…` : value;
}
