import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { toBase64, toHex } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { Random } from "../../platform/random.ts";

export const SCHEMA = `
CREATE TABLE operator_token (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  digest BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
`;

/** What an operator may do; each role may do what those before it may. */
export const Role = z.enum(["viewer", "operator", "admin"]);
export type Role = z.infer<typeof Role>;

/** Whether `role` may do what `needed` may. */
export function includesRole(role: Role, needed: Role): boolean {
  return Role.options.indexOf(role) >= Role.options.indexOf(needed);
}

const TokenRow = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  created_at: z.number(),
  expires_at: z.number().nullable(),
  revoked_at: z.number().nullable(),
  last_used_at: z.number().nullable(),
}).transform((row) => ({
  id: row.id,
  name: row.name,
  role: row.role,
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
  /** To the hour. */
  lastUsedAt: row.last_used_at ?? undefined,
}));

/** What may be told about a token; times in unix milliseconds. */
export type Token = Readonly<z.infer<typeof TokenRow>>;

export interface NewToken {
  /** Who or what uses it. */
  readonly name: string;
  readonly role: Role;
  /** Unix milliseconds; never when left out. */
  readonly expiresAt?: number;
}

/** Operator tokens, of which only the SHA-256 is kept. Writing methods are called inside `GroupCommit.run`. */
export interface Tokens {
  /** `secret` is told here and never again. */
  create(token: NewToken, now: number): { readonly token: Token; readonly secret: string };
  /** The token with this secret, unless it is revoked or expired. */
  find(secret: string, now: number): Token | undefined;
  /** The token with this id, unless it is revoked or expired. */
  byId(id: string, now: number): Token | undefined;
  /** All tokens, revoked ones too, oldest first. */
  list(): readonly Token[];
  /** `false` when there is no such token that is not revoked. */
  revoke(id: string, now: number): boolean;
  touch(id: string, now: number): void;
}

/** How exactly the last use of a token is known: a write for every request would be too dear. */
const COARSE_MS = 3_600_000;

export function createTokens(db: DatabaseSync, random: Random): Tokens {
  const insert = db.prepare(`INSERT INTO operator_token(id, name, role, digest, created_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?) RETURNING *`);
  // Found by digest, not compared byte by byte: what the time tells about a digest helps nobody to find its preimage.
  const find = db.prepare(`SELECT * FROM operator_token
    WHERE digest = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE)`);
  const byId = db.prepare(`SELECT * FROM operator_token
    WHERE id = ? AND revoked_at IS NULL AND coalesce(expires_at > ?, TRUE)`);
  const list = db.prepare("SELECT * FROM operator_token ORDER BY created_at, id");
  const revoke = db.prepare("UPDATE operator_token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL");
  const touch = db.prepare("UPDATE operator_token SET last_used_at = max(?2, created_at) WHERE id = ?1");
  return {
    create({ name, role, expiresAt }, now) {
      const secret = newSecret(random);
      const row = insert.get(toHex(random.bytes(5)), name, role, digestOf(secret), now, expiresAt ?? null);
      return { token: TokenRow.parse(row), secret };
    },
    find(secret, now) {
      const row = find.get(digestOf(secret), now);
      return row === undefined ? undefined : TokenRow.parse(row);
    },
    byId(id, now) {
      const row = byId.get(id, now);
      return row === undefined ? undefined : TokenRow.parse(row);
    },
    list: () => list.all().map((row) => TokenRow.parse(row)),
    revoke: (id, now) => Number(revoke.run(id, now).changes) > 0,
    touch: (id, now) => void touch.run(id, now - now % COARSE_MS),
  };
}

/** Whether a use of the token now would change what is known about its last use. */
export function isUseNews(token: Token, now: number): boolean {
  return token.lastUsedAt === undefined || now - token.lastUsedAt >= COARSE_MS;
}

/** 256 random bits; the prefix lets secret scanners recognise one that was published by mistake. */
function newSecret(random: Random): string {
  return `ecowatt_${toBase64(random.bytes(32)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "")}`;
}

function digestOf(secret: string): Uint8Array {
  return sha256(secret);
}
