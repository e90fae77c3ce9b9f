import type { Logger } from "@logtape/logtape";
import type { Context, MiddlewareHandler } from "hono";
import { requireOwnPage, type SessionIo, sessionOf } from "../auth/session.ts";
import { Fault } from "../fault.ts";
import { includesRole, isUseNews, type Role, type Token, type Tokens } from "../store/tokens.ts";
import type { ApiEnv } from "./env.ts";

export interface AccessIo extends SessionIo {
  readonly tokens: Tokens;
  readonly log: Logger;
}

/** What a route says of who may use it: for the API document and for the check, in one. */
export interface Guard {
  readonly security: ({ bearer: string[] } | { session: string[] })[];
  readonly middleware: MiddlewareHandler<ApiEnv>;
}

/**
 * Makes guards. A guard throws `Fault`: `unauthenticated` without a valid bearer token (RFC 6750) or session, `forbidden`
 * below `role` and for a session's change that the gateway's own page did not make.
 */
export type Access = (role: Role) => Guard;

export function createAccess(io: AccessIo): Access {
  return (role) => ({
    security: [{ bearer: [role] }, { session: [role] }],
    middleware: async (c, next) => {
      const token = authenticate(c.req.raw, io);
      if (!includesRole(token.role, role)) {
        throw new Fault("forbidden", `This needs the role ${role}; the token has the role ${token.role}`);
      }
      c.set("token", token);
      await next();
      c.res.headers.set("cache-control", "no-store");
      if (c.req.method !== "GET") noteChange(io.log, c, token);
    },
  });
}

/** Who changed what: the log is the trace that an administrator's token leaves. */
function noteChange(log: Logger, c: Context<ApiEnv>, { id, name }: Token): void {
  const { method, path } = c.req;
  const fields = { method, path, status: c.res.status, operator: name, operator_id: id, address: c.env.address };
  log.info("operator request {method} {path} {status} {operator}", fields);
}

/** Whether the credentials of a request that was let in before still hold. */
export function isAuthentic(request: Request, io: AccessIo): boolean {
  try {
    return authenticate(request, io).id !== "";
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

const READING = ["GET", "HEAD"];

/** A bearer token counts before a cookie, which a browser sends unasked. */
function authenticate({ headers, method }: Request, io: AccessIo): Token {
  const header = headers.get("authorization");
  if (header !== null) return bearer(header, io);
  const session = sessionOf(headers, io);
  if (!session) throw new Fault("unauthenticated", "This needs a valid bearer token");
  if (!READING.includes(method)) requireOwnPage(headers, session.secret);
  return session.token;
}

function bearer(header: string, { tokens, commit, clock }: AccessIo): Token {
  const secret = header.match(/^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i)?.[1];
  const now = clock.now();
  const token = secret === undefined ? undefined : tokens.find(secret, now);
  if (!token) throw new Fault("unauthenticated", "This needs a valid bearer token");
  // The last use is a courtesy: a store that is full must not lock the operator out.
  if (isUseNews(token, now)) commit.run(() => tokens.touch(token.id, now)).catch(() => {});
  return token;
}
