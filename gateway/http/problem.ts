import { utf8 } from "../../crypto/bytes.ts";
import { type Fault, type FaultCode, type FieldFault, STATUS } from "../fault.ts";

/** What a client is told about a refusal: RFC 9457, and the two keys that older clients read (contract/1-link §1). */
interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Short, for older clients. */
  readonly error: string;
  /** As `detail`, for older clients. */
  readonly message: string;
  readonly errors?: readonly FieldFault[];
}

const TITLE: Record<FaultCode, string> = {
  malformed: "Bad Request",
  unauthenticated: "Unauthorized",
  forbidden: "Forbidden",
  not_found: "Not Found",
  method_not_allowed: "Method Not Allowed",
  conflict: "Conflict",
  precondition_failed: "Precondition Failed",
  too_large: "Content Too Large",
  unsupported_media_type: "Unsupported Media Type",
  refused: "Unprocessable Content",
  too_many: "Too Many Requests",
  unavailable: "Service Unavailable",
};

export const PROBLEM_TYPE = "application/problem+json";

/** The body that tells a fault. */
export function problemOf({ code, message, fields }: Fault): Problem {
  return {
    type: `urn:ecowatt:problem:${code}`,
    title: TITLE[code],
    status: STATUS[code],
    detail: message,
    error: TITLE[code],
    message,
    ...(fields.length > 0 ? { errors: fields } : {}),
  };
}

/** Headers that belong to a fault besides its body: `Retry-After` (seconds). */
function problemHeaders(fault: Fault): Record<string, string> {
  const retry = fault.retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(fault.retryAfter)) };
  return { "content-type": PROBLEM_TYPE, "cache-control": "no-store", ...retry };
}

/** The whole response to a fault, with more headers (`Allow`, `WWW-Authenticate`) where they are due. */
export function problemResponse(fault: Fault, headers: Record<string, string> = {}): Response {
  return new Response(utf8(JSON.stringify(problemOf(fault))), {
    status: STATUS[fault.code],
    headers: { ...problemHeaders(fault), ...headers },
  });
}
