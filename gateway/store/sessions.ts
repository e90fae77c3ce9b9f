import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { toBase64 } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { Random } from "../../platform/random.ts";
import { Role } from "./tokens.ts";

export const SCHEMA = `
CREATE TABLE login_link (
  digest BLOB PRIMARY KEY,
  token TEXT,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE operator_session (
  digest BLOB PRIMARY KEY,
  token TEXT,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Whose a session is: of a token (its id), or of someone at the gateway's own machine. At most `role`. */
export interface Holder {
  readonly token: string | undefined;
  readonly role: Role;
}

const HolderRow = z.object({ token: z.string().nullable(), role: Role })
  .transform(({ token, role }): Holder => ({ token: token ?? undefined, role }));

const SessionRow = z.object({ token: z.string().nullable(), role: Role, used_at: z.number(), expires_at: z.number() })
  .transform((row) => ({
    token: row.token ?? undefined,
    role: row.role,
    /** To the hour. */
    usedAt: row.used_at,
    expiresAt: row.expires_at,
  }));

/** A session that has not expired; whether its token still holds is not known here. */
export type SessionRecord = Readonly<z.infer<typeof SessionRow>>;

/** How long a link waits to be opened. */
const LINK_MS = 10 * 60_000;
/** A session ends so long after its last use, */
const IDLE_MS = 7 * 86_400_000;
/** and so long after the login in any case. */
const LONGEST_MS = 30 * 86_400_000;
/** Sessions, and links that wait, of one holder: beyond them the one that was not used for longest ends. */
const MOST_SESSIONS = 64;
const MOST_LINKS = 64;
/** How exactly the last use is known: a write for every request would be too dear. */
const COARSE_MS = 3_600_000;

/**
 * One-time links and the sessions of browsers. Of both only the SHA-256 of the secret is kept, and of each token no more than
 * 64: who logs in again and again ends his own. Writing methods are called inside `GroupCommit.run`.
 */
export interface Sessions {
  /** A code of 256 bits that opens one session. */
  addLink(holder: Holder, now: number): { readonly code: string; readonly expiresAt: number };
  /** Uses a link up; `undefined` when it never was, was used before or has expired. */
  takeLink(code: string, now: number): Holder | undefined;
  /** `secret` is what the cookie holds. */
  open(holder: Holder, now: number): { readonly secret: string; readonly expiresAt: number };
  find(secret: string, now: number): SessionRecord | undefined;
  /** Puts the expiry off. */
  touch(secret: string, now: number): void;
  close(secret: string): void;
  /** Ends all sessions and links, and tells how many sessions there were. */
  closeAll(): number;
}

export function createSessions(db: DatabaseSync, random: Random): Sessions {
  const addLink = db.prepare("INSERT INTO login_link(digest, token, role, expires_at) VALUES (?, ?, ?, ?)");
  const takeLink = db.prepare("DELETE FROM login_link WHERE digest = ? AND expires_at > ? RETURNING token, role");
  const dropLinks = db.prepare("DELETE FROM login_link WHERE expires_at <= ?");
  const dropOldLinks = db.prepare(`DELETE FROM login_link WHERE digest IN
    (SELECT digest FROM login_link WHERE token IS ? ORDER BY expires_at DESC LIMIT -1 OFFSET ${MOST_LINKS - 1})`);
  const open = db.prepare(`INSERT INTO operator_session(digest, token, role, created_at, used_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?)`);
  const find = db.prepare(`SELECT token, role, used_at, expires_at FROM operator_session
    WHERE digest = ? AND expires_at > ?`);
  const touch = db.prepare(`UPDATE operator_session
    SET used_at = ?2, expires_at = min(created_at + ${LONGEST_MS}, ?2 + ${IDLE_MS}) WHERE digest = ?1`);
  const close = db.prepare("DELETE FROM operator_session WHERE digest = ?");
  const dropSessions = db.prepare("DELETE FROM operator_session WHERE expires_at <= ?");
  const dropOldSessions = db.prepare(`DELETE FROM operator_session WHERE digest IN
    (SELECT digest FROM operator_session WHERE token IS ? ORDER BY used_at DESC LIMIT -1 OFFSET ${MOST_SESSIONS - 1})`);
  return {
    addLink({ token, role }, now) {
      dropLinks.run(now);
      dropOldLinks.run(token ?? null);
      const code = newSecret(random);
      addLink.run(digestOf(code), token ?? null, role, now + LINK_MS);
      return { code, expiresAt: now + LINK_MS };
    },
    takeLink(code, now) {
      const row = takeLink.get(digestOf(code), now);
      return row === undefined ? undefined : HolderRow.parse(row);
    },
    open({ token, role }, now) {
      dropSessions.run(now);
      dropOldSessions.run(token ?? null);
      const secret = newSecret(random);
      open.run(digestOf(secret), token ?? null, role, now, now, now + IDLE_MS);
      return { secret, expiresAt: now + IDLE_MS };
    },
    find(secret, now) {
      const row = find.get(digestOf(secret), now);
      return row === undefined ? undefined : SessionRow.parse(row);
    },
    touch: (secret, now) => void touch.run(digestOf(secret), now),
    close: (secret) => void close.run(digestOf(secret)),
    closeAll() {
      db.exec("DELETE FROM login_link");
      return Number(db.prepare("DELETE FROM operator_session").run().changes);
    },
  };
}

/** Whether a use of the session now would change what is known about its last use. */
export function isSessionUseNews({ usedAt }: SessionRecord, now: number): boolean {
  return now - usedAt >= COARSE_MS;
}

/** 256 random bits, base64url. */
function newSecret(random: Random): string {
  return toBase64(random.bytes(32)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function digestOf(secret: string): Uint8Array {
  return sha256(secret);
}
