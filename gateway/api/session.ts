import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { createLoginAttempts, type LoginAttempts } from "../auth/login_attempts.ts";
import {
  csrfToken,
  lesser,
  requireOwnPage,
  requireSameOrigin,
  sessionCookie,
  type SessionIo,
  sessionOf,
} from "../auth/session.ts";
import { Fault } from "../fault.ts";
import type { SecurityLog } from "../store/security_log.ts";
import type { Holder } from "../store/sessions.ts";
import { Role, type Token, type Tokens } from "../store/tokens.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { jsonBody, jsonRequest, takingJson } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

/** Who uses the API. */
const SessionView = z.object({
  name: z.string().describe("Of the token; `local` for a link made at the gateway's own machine"),
  role: Role,
  expires_at_ms: z.number().int().nullable(),
  csrf_token: z.string().nullable().describe(
    "For the header X-EcoWatt-CSRF; null with a bearer token, which needs none",
  ),
}).openapi("Session");

const LoginBody = z.union([
  z.strictObject({ code: z.string().min(1).max(512).describe("Of a one-time link") }),
  z.strictObject({ token: z.string().min(1).max(512).describe("An operator token") }),
]).openapi("Login");

const LinkBody = z.strictObject({
  role: Role.optional().describe("At most that of the token; the same when left out"),
}).openapi("NewLoginLink");
const LinkView = z.object({
  code: z.string().describe("Told only here"),
  path: z.string().describe("To be opened in a browser, at the address of the gateway"),
  expires_at_ms: z.number().int(),
}).openapi("LoginLink");
const ClosedView = z.object({ closed: z.number().int().describe("Sessions that were open") }).openapi("ClosedSessions");

interface SessionApiIo extends SessionIo {
  readonly tokens: Tokens;
  readonly securityLog: Pick<SecurityLog, "append">;
}

/** `/session`: how a browser logs in and out; and the links that log in once. */
export function addSessionRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: SessionApiIo): void {
  const { sessions, commit, clock } = io;
  const attempts = createLoginAttempts(clock);
  api.openapi(whoRoute(access), (c) => {
    const token = c.get("token");
    const session = c.req.header("authorization") === undefined ? sessionOf(c.req.raw.headers, io) : undefined;
    return c.json(session === undefined ? viewOf(token) : viewOf(token, session), 200);
  });
  api.openapi(loginRoute(), async (c) => {
    const holder = await authenticate(c, c.req.valid("json"), { ...io, attempts });
    const now = clock.now();
    const opened = await commit.run(() => sessions.open(holder, now));
    c.header("set-cookie", sessionCookie(c.req.raw.headers, { ...opened, maxAgeS: 30 * 86_400 }));
    c.header("cache-control", "no-store");
    const session = sessionOf(new Headers({ cookie: `ecowatt_session=${opened.secret}` }), io);
    if (session === undefined) throw new Fault("unauthenticated", "The token is not valid any more");
    return c.json(viewOf(session.token, session), 200);
  });
  api.openapi(logoutRoute(), async (c) => {
    const { headers } = c.req.raw;
    const session = sessionOf(headers, io);
    if (session !== undefined) {
      requireOwnPage(headers, session.secret);
      await commit.run(() => sessions.close(session.secret));
    }
    c.header("set-cookie", sessionCookie(headers, { secret: "", maxAgeS: 0 }));
    return c.body(null, 204);
  });
  api.openapi(linkRoute(access), async (c) => {
    const token = c.get("token");
    const { role = token.role } = c.req.valid("json");
    const holder = { token: token.id === "local" ? undefined : token.id, role: lesser(role, token.role) };
    const { code, expiresAt } = await commit.run(() => sessions.addLink(holder, clock.now()));
    return c.json({ code, path: `/#/login/${code}`, expires_at_ms: expiresAt }, 201);
  });
  api.openapi(closeAllRoute(access), async (c) => c.json({ closed: await commit.run(() => sessions.closeAll()) }, 200));
}

function viewOf(
  { name, role, expiresAt }: Token,
  session?: { readonly secret: string; readonly expiresAt: number },
): z.infer<typeof SessionView> {
  return {
    name,
    role,
    expires_at_ms: session?.expiresAt ?? expiresAt ?? null,
    csrf_token: session === undefined ? null : csrfToken(session.secret),
  };
}

/** Who logs in; whoever cannot is written down. */
async function authenticate(
  c: Context<ApiEnv>,
  body: z.infer<typeof LoginBody>,
  io: SessionApiIo & { readonly attempts: LoginAttempts },
): Promise<Holder> {
  const { attempts, commit, clock } = io;
  const { address } = c.env;
  if (!isProgram(c.req.raw.headers)) requireSameOrigin(c.req.raw.headers);
  const wait = attempts.waitS(address);
  if (wait !== undefined) throw new Fault("too_many", "Too many logins failed. Try again later", { retryAfter: wait });
  const holder = await holderOf(body, io);
  if (holder !== undefined) return holder;
  attempts.failed(address);
  const detail = "code" in body ? "a login link that is unknown, used or expired" : "a token that is not valid";
  const entry = { at: clock.now(), reason: "bad_login", path: "/session", address, detail } as const;
  await commit.run(() => io.securityLog.append(entry));
  throw new Fault("unauthenticated", "code" in body ? LINK_REFUSED : "This token is not valid");
}

const LINK_REFUSED = "This link was used already or has expired. Make a new one with: ecowatt dashboard";

/** Only browsers have these, and they always have one of them where it matters. */
function isProgram(headers: Headers): boolean {
  return headers.get("origin") === null && headers.get("sec-fetch-site") === null;
}

async function holderOf(
  body: z.infer<typeof LoginBody>,
  { sessions, tokens, commit, clock }: SessionApiIo,
): Promise<Holder | undefined> {
  if ("code" in body) return await commit.run(() => sessions.takeLink(body.code, clock.now()));
  const token = tokens.find(body.token, clock.now());
  return token && { token: token.id, role: token.role };
}

const PATH = "/session";
const LINKS = "/api/v1/login-links";
const tags = ["session"];

function whoRoute(access: Access) {
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "Who this is: a browser's session or a token",
    ...access("viewer"),
    responses: { 200: json(SessionView, "The session"), ...PROBLEMS },
  });
}

function loginRoute() {
  return createRoute({
    method: "post",
    path: PATH,
    tags,
    summary: "Logs a browser in, with the code of a one-time link or with a token; the answer sets the cookie",
    security: [],
    middleware: [jsonBody],
    request: { body: jsonRequest(LoginBody) },
    responses: { 200: json(SessionView, "The session; 401 when refused, 429 after ten failures"), ...PROBLEMS },
  });
}

function logoutRoute() {
  return createRoute({
    method: "delete",
    path: PATH,
    tags,
    summary: "Ends the session of the cookie",
    security: [],
    responses: { 204: { description: "Done" }, ...PROBLEMS },
  });
}

function linkRoute(access: Access) {
  return createRoute({
    method: "post",
    path: LINKS,
    tags,
    summary: "Makes a link that logs a browser in, once, within 10 minutes",
    ...takingJson(access("viewer")),
    request: { body: jsonRequest(LinkBody) },
    responses: { 201: json(LinkView, "The link"), ...PROBLEMS },
  });
}

function closeAllRoute(access: Access) {
  return createRoute({
    method: "delete",
    path: "/api/v1/sessions",
    tags,
    summary: "Logs every browser out and voids all links",
    ...access("admin"),
    responses: { 200: json(ClosedView, "Done"), ...PROBLEMS },
  });
}
