import assert from "node:assert/strict";
import { sha256 } from "../../../crypto/sha256.ts";
import { openSqlite, transaction } from "../../../platform/sqlite.ts";
import { systemRandom } from "../../../platform/random.ts";
import { createTokens, includesRole, isUseNews, Role, SCHEMA } from "../../../gateway/store/tokens.ts";

const NOW = Date.UTC(2026, 5, 21, 12, 34);

function fixture() {
  const db = openSqlite(":memory:", { synchronous: "full", migrations: [SCHEMA] });
  return { db, tokens: createTokens(db, systemRandom), [Symbol.dispose]: () => db.close() };
}

Deno.test("a token is found by its secret, and the database does not hold the secret", () => {
  using f = fixture();
  const { token, secret } = f.tokens.create({ name: "test grafana", role: "viewer" }, NOW);
  assert.match(secret, /^ecowatt_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(f.tokens.find(secret, NOW), token);
  assert.equal(f.tokens.find(secret.slice(0, -1), NOW), undefined);
  assert.equal(f.tokens.find("", NOW), undefined);
  const row = f.db.prepare("SELECT * FROM operator_token").get() ?? {};
  assert.deepEqual(row["digest"], sha256(secret));
  assert.ok(
    !Object.values(row).some((value) => typeof value === "string" && secret.includes(value) && value.length > 8),
  );
});

Deno.test("a token ends when it expires and when it is revoked, once", () => {
  using f = fixture();
  const brief = f.tokens.create({ name: "test brief", role: "admin", expiresAt: NOW + 1000 }, NOW);
  assert.ok(f.tokens.find(brief.secret, NOW + 999));
  assert.equal(f.tokens.find(brief.secret, NOW + 1000), undefined);
  assert.ok(f.tokens.byId(brief.token.id, NOW + 999));
  assert.equal(f.tokens.byId(brief.token.id, NOW + 1000), undefined);
  const long = f.tokens.create({ name: "test long", role: "operator" }, NOW);
  assert.equal(f.tokens.revoke(long.token.id, NOW), true);
  assert.equal(f.tokens.revoke(long.token.id, NOW), false);
  assert.equal(f.tokens.find(long.secret, NOW), undefined);
  assert.equal(f.tokens.byId(long.token.id, NOW), undefined);
  assert.deepEqual(f.tokens.list().map(({ name, revokedAt }) => [name, revokedAt]).sort(), [
    ["test brief", undefined],
    ["test long", NOW],
  ]);
});

Deno.test("the last use is known to the hour, and a second use within it is no news", () => {
  using f = fixture();
  const { token, secret } = f.tokens.create({ name: "test", role: "viewer" }, NOW);
  assert.equal(isUseNews(token, NOW), true);
  transaction(f.db, () => f.tokens.touch(token.id, NOW));
  const used = f.tokens.find(secret, NOW);
  assert.equal(used?.lastUsedAt, NOW, "not before it was made");
  assert.equal(used && isUseNews(used, NOW + 60_000), false);
  assert.equal(used && isUseNews(used, NOW + 3_600_000), true);
  transaction(f.db, () => f.tokens.touch(token.id, NOW + 3_600_000));
  assert.equal(f.tokens.find(secret, NOW)?.lastUsedAt, Date.UTC(2026, 5, 21, 13));
});

Deno.test("each role may do what the roles below it may", () => {
  const allowed = Role.options.map((role) => Role.options.filter((needed) => includesRole(role, needed)));
  assert.deepEqual(allowed, [["viewer"], ["viewer", "operator"], ["viewer", "operator", "admin"]]);
});
