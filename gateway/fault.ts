/** Why a request is refused. One code, one HTTP status, everywhere. */
export const STATUS = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  refused: 422,
  too_many: 429,
  unavailable: 503,
} as const;

export type FaultCode = keyof typeof STATUS;

/** One broken rule: where (`blocks[0].count`) and what. */
export interface FieldFault {
  readonly path: string;
  /** The rule, for programs, where it has a name. */
  readonly code?: string | undefined;
  readonly message: string;
}

/** A refusal that the client may read. `message` is public: no secret, no stack, no path of the machine goes into it. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly fields: readonly FieldFault[];
  /** Seconds for `Retry-After`, with `too_many` and `unavailable`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: FaultCode,
    message: string,
    options: { fields?: readonly FieldFault[]; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Fault";
    this.code = code;
    this.fields = options.fields ?? [];
    this.retryAfter = options.retryAfter;
  }
}
