import { z } from "zod";
import { type Document, type Operation, operationsOf, responseOf } from "./operations.ts";
import recorded from "./examples.json" with { type: "json" };

const Texts = z.record(z.string(), z.string());

/** A request that was carried out, and its answer. `deno task docs` records them. */
export const Example = z.object({
  name: z.string().regex(/^[a-z0-9_]+$/),
  summary: z.string(),
  operation: z.string().describe("`post /process`"),
  sent: z.object({
    path: Texts,
    query: Texts,
    headers: Texts,
    type: z.string().optional(),
    body: z.unknown().optional(),
  }),
  answer: z.object({ status: z.int(), type: z.string().optional(), body: z.unknown().optional() }),
});
export type Example = z.infer<typeof Example>;

/** Puts the recorded examples where they belong: beside parameters, request bodies and responses. */
export function withExamples(document: Document): Document {
  const operations = new Map(operationsOf(document));
  for (const example of z.array(Example).parse(recorded)) {
    const operation = operations.get(example.operation);
    if (operation) addExample(operation, example);
  }
  return document;
}

function addExample(operation: Operation, { name, summary, sent, answer }: Example): void {
  for (const parameter of operation.parameters ?? []) {
    if (!("in" in parameter)) continue;
    const values: Partial<Record<string, Record<string, string>>> = {
      path: sent.path,
      query: sent.query,
      header: sent.headers,
    };
    const value = values[parameter.in]?.[parameter.name];
    if (value !== undefined) parameter.examples = { ...parameter.examples, [name]: { summary, value } };
  }
  const { requestBody } = operation;
  if (requestBody && "content" in requestBody && sent.type !== undefined) {
    show(requestBody.content[sent.type], { name, summary, value: sent.body });
  }
  const { status, type, body } = answer;
  const response = responseOf(operation, status, "Refused, as the example shows");
  if ("content" in response && type !== undefined) show(response.content?.[type], { name, summary, value: body });
}

interface Media {
  examples?: Record<string, unknown>;
}

function show(
  media: Media | undefined,
  { name, summary, value }: { name: string; summary: string; value: unknown },
): void {
  if (media) media.examples = { ...media.examples, [name]: { summary, value } };
}
