import { utf8 } from "../../crypto/bytes.ts";
import { equalInConstantTime } from "../../crypto/equal.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { isSessionUseNews, type SessionRecord, type Sessions } from "../store/sessions.ts";
import { includesRole, type Role, type Token, type Tokens } from "../store/tokens.ts";

export interface SessionIo {
  readonly sessions: Sessions;
  readonly tokens: Pick<Tokens, "byId">;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
}

/** A browser that is logged in. */
interface Session {
  /** What the cookie holds. */
  readonly secret: string;
  /** What it may do, as of the token it was opened with; at the machine itself there is none (`id` "local"). */
  readonly token: Token;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** The session of a request's cookie, unless it expired or its token did, or was revoked. */
export function sessionOf(headers: Headers, { sessions, tokens, commit, clock }: SessionIo): Session | undefined {
  const secret = secretOf(headers.get("cookie"));
  const now = clock.now();
  const record = secret === undefined ? undefined : sessions.find(secret, now);
  if (secret === undefined || record === undefined) return undefined;
  const token = holderOf(record, tokens, now);
  if (token === undefined) return undefined;
  // A store that is full must not lock the operator out.
  if (isSessionUseNews(record, now)) commit.run(() => sessions.touch(secret, now)).catch(() => {});
  return { secret, token, expiresAt: Math.min(record.expiresAt, token.expiresAt ?? Infinity) };
}

/** The token behind a session, with the lesser of the two roles. */
function holderOf({ token: id, role }: SessionRecord, tokens: SessionIo["tokens"], now: number): Token | undefined {
  if (id === undefined) return localToken(role, now);
  const token = tokens.byId(id, now);
  return token && { ...token, role: lesser(token.role, role) };
}

/** Who is at the machine itself. Used just now, so that nobody writes down when. */
export function localToken(role: Role, now: number): Token {
  const nothing = { expiresAt: undefined, revokedAt: undefined };
  return { id: "local", name: "local", role, createdAt: now, lastUsedAt: now, ...nothing };
}

/** The role that may do less. */
export function lesser(one: Role, other: Role): Role {
  return includesRole(one, other) ? other : one;
}

/**
 * What a page must send in `X-EcoWatt-CSRF` to change something: derived from the cookie, which other sites can make a
 * browser send, but neither they nor the page can read.
 */
export function csrfToken(secret: string): string {
  return sha256(`ecowatt csrf\n${secret}`).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Throws `Fault` `forbidden` unless the request comes from the page of this gateway. */
export function requireOwnPage(headers: Headers, secret: string): void {
  requireSameOrigin(headers);
  const given = headers.get("x-ecowatt-csrf") ?? "";
  if (!equalInConstantTime(utf8(given), utf8(csrfToken(secret)))) {
    throw new Fault("forbidden", "A change with a session cookie needs the header X-EcoWatt-CSRF of GET /session");
  }
}

/** Throws `Fault` `forbidden` when a browser says that another site made the request, or says nothing. */
export function requireSameOrigin(headers: Headers): void {
  const site = headers.get("sec-fetch-site"), origin = headers.get("origin");
  const isOwn = origin === null ? site === "same-origin" : isOwnOrigin(origin, headers);
  if (!isOwn || site !== null && site !== "same-origin") {
    throw new Fault("forbidden", "This may be done only from the gateway's own page");
  }
}

/** A proxy in front may have another name than this gateway has for itself. */
function isOwnOrigin(origin: string, headers: Headers): boolean {
  const host = URL.parse(origin)?.host;
  return host !== undefined && [headers.get("host"), headers.get("x-forwarded-host")].includes(host);
}

/** Over https only that host can set a cookie of this name (RFC 6265bis §4.1.3.2). */
const SECURE_COOKIE = "__Host-ecowatt_session";
const COOKIE = "ecowatt_session";

function secretOf(header: string | null): string | undefined {
  const cookies = new Map(
    (header ?? "").split(";").map((part) => {
      const [name = "", value = ""] = part.trim().split("=", 2);
      return [name, value];
    }),
  );
  const secret = cookies.get(SECURE_COOKIE) ?? cookies.get(COOKIE);
  return secret !== undefined && /^[A-Za-z0-9_-]{43}$/.test(secret) ? secret : undefined;
}

/** `Set-Cookie` for a session, or one that ends it. The scheme is the one that the browser sees, before any proxy. */
export function sessionCookie(
  headers: Headers,
  session: { readonly secret: string; readonly maxAgeS: number },
): string {
  const secure = headers.get("origin")?.startsWith("https://") ?? false;
  const name = secure ? `${SECURE_COOKIE}=${session.secret}; Secure` : `${COOKIE}=${session.secret}`;
  return `${name}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${session.maxAgeS}`;
}
