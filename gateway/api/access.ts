import type { Logger } from "@logtape/logtape";
import type { Context, MiddlewareHandler } from "hono";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { includesRole, isUseNews, type Role, type Token, type Tokens } from "../store/tokens.ts";
import type { ApiEnv } from "./env.ts";

export interface AccessIo {
  readonly tokens: Tokens;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
}

/** What a route says of who may use it: for the API document and for the check, in one. */
export interface Guard {
  readonly security: { bearer: string[] }[];
  readonly middleware: MiddlewareHandler<ApiEnv>;
}

/** Makes guards. A guard throws `Fault`: `unauthenticated` without a valid bearer token (RFC 6750), `forbidden` below `role`. */
export type Access = (role: Role) => Guard;

export function createAccess(io: AccessIo): Access {
  return (role) => ({
    security: [{ bearer: [role] }],
    middleware: async (c, next) => {
      const token = authenticate(c.req.header("authorization"), io);
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

function authenticate(header: string | undefined, { tokens, commit, clock }: AccessIo): Token {
  const secret = header?.match(/^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i)?.[1];
  const now = clock.now();
  const token = secret === undefined ? undefined : tokens.find(secret, now);
  if (!token) throw new Fault("unauthenticated", "This needs a valid bearer token");
  // The last use is a courtesy: a store that is full must not lock the operator out.
  if (isUseNews(token, now)) commit.run(() => tokens.touch(token.id, now)).catch(() => {});
  return token;
}
