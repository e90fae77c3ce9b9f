import { z } from "@hono/zod-openapi";

const Problem = z.object({
  type: z.string().describe("A name of the kind of problem"),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().describe("What is wrong, for people"),
  error: z.string().describe("As title, for older clients"),
  message: z.string().describe("As detail, for older clients"),
  errors: z.array(z.object({
    path: z.string(),
    code: z.string().optional().describe("The rule, for programs, where it has a name"),
    message: z.string(),
  })).optional().describe("Each broken rule"),
}).openapi("Problem");

/** What every route may answer besides what it is for (RFC 9457). */
export const PROBLEMS = {
  default: {
    description: "A problem: the request is refused, or cannot be served now",
    content: { "application/problem+json": { schema: Problem } },
  },
};

/** A response that is JSON of this shape. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}
