import { STATUS } from "../../fault.ts";
import { type Document, type Operation, operationsOf, responseOf } from "./operations.ts";

const SAYS = {
  400: "Something in the request breaks a rule; `errors` names every one",
  401: "No valid credentials",
  403: "The credentials do not reach so far",
  404: "What the path names is not there",
  413: "The body is too large",
  415: "The body is not of the type that is taken, or is compressed",
  503: "Cannot be done now; Retry-After says when to ask again",
} as const;

type Status = keyof typeof SAYS;

/** Adds the problems that an operation answers because of what it takes: credentials, a path, a query, a body. */
export function withRefusals(document: Document): Document {
  for (const [name, operation] of operationsOf(document)) {
    for (const status of refusalsOf(name, operation)) responseOf(operation, status, SAYS[status]);
  }
  return document;
}

/** A PUT to a name makes what is not there. */
const MAKES = /^put .*\}$/;

function refusalsOf(name: string, operation: Operation): readonly Status[] {
  const guarded = (operation.security ?? []).length > 0;
  const device = operation.security?.some((scheme) => "device" in scheme) ?? false;
  const above = operation.security?.some(({ bearer }) => bearer !== undefined && bearer[0] !== "viewer") ?? false;
  const parameters = operation.parameters ?? [];
  const places = new Set(parameters.map((parameter) => "in" in parameter ? parameter.in : undefined));
  const body = operation.requestBody !== undefined;
  return [
    ...(body || places.has("path") || places.has("query") ? [STATUS.malformed] : []),
    ...(guarded ? [STATUS.unauthenticated] : []),
    ...(above || device ? [STATUS.forbidden] : []),
    ...(/\{/.test(name) && !MAKES.test(name) ? [STATUS.not_found] : []),
    ...(body ? [STATUS.too_large, STATUS.unsupported_media_type] : []),
    STATUS.unavailable,
  ];
}
