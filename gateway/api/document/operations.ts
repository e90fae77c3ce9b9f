import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "../env.ts";

/** An OpenAPI 3.1 document as it is built here. */
export type Document = ReturnType<OpenAPIHono<ApiEnv>["getOpenAPI31Document"]>;
type PathItem = NonNullable<Document["paths"]>[string];
export type Operation = NonNullable<PathItem["get"]>;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** Every operation of a document: `post /process` and what is said of it. */
export function operationsOf(document: Document): readonly (readonly [name: string, Operation])[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => item[method] ? [[`${method} ${path}`, item[method]] as const] : [])
  );
}

/** The response with a status, added as a problem where there is none. */
export function responseOf(operation: Operation, status: number, says: string) {
  const schema = { $ref: "#/components/schemas/Problem" };
  const responses = operation.responses ??= {};
  return responses[status] ??= { description: says, content: { "application/problem+json": { schema } } };
}
