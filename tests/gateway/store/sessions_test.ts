import assert from "node:assert/strict";
import { createSessions, isSessionUseNews, SCHEMA } from "../../../gateway/store/sessions.ts";
import { openSqlite } from "../../../platform/sqlite.ts";
import { systemRandom } from "../../../platform/random.ts";

const NOW = Date.UTC(2026, 5, 21, 12, 34);
const MINUTE = 60_000;
const DAY = 86_400_000;
const holder = { token: "0123456789", role: "operator" } as const;

function fixture() {
  const db = openSqlite(":memory:", { synchronous: "full", migrations: [SCHEMA] });
  return { db, sessions: createSessions(db, systemRandom), [Symbol.dispose]: () => db.close() };
}

Deno.test("a link opens one session, within ten minutes", () => {
  using f = fixture();
  const { code, expiresAt } = f.sessions.addLink(holder, NOW);
  assert.equal(expiresAt, NOW + 10 * MINUTE);
  assert.deepEqual(f.sessions.takeLink(code, NOW + 10 * MINUTE - 1), holder);
  assert.equal(f.sessions.takeLink(code, NOW + 10 * MINUTE - 1), undefined, "it is used up");
  const late = f.sessions.addLink({ token: undefined, role: "viewer" }, NOW);
  assert.equal(f.sessions.takeLink(late.code, NOW + 10 * MINUTE), undefined);
  assert.equal(f.sessions.takeLink("", NOW), undefined);
});

Deno.test("a session ends a week after its last use, and thirty days after the login in any case", () => {
  using f = fixture();
  const { secret } = f.sessions.open(holder, NOW);
  assert.deepEqual(f.sessions.find(secret, NOW + 7 * DAY - 1), { ...holder, usedAt: NOW, expiresAt: NOW + 7 * DAY });
  assert.equal(f.sessions.find(secret, NOW + 7 * DAY), undefined);
  for (let day = 1; day < 30; day++) {
    assert.ok(f.sessions.find(secret, NOW + day * DAY), `day ${day}`);
    f.sessions.touch(secret, NOW + day * DAY);
  }
  assert.equal(f.sessions.find(secret, NOW + 30 * DAY - 1)?.expiresAt, NOW + 30 * DAY);
  assert.equal(f.sessions.find(secret, NOW + 30 * DAY), undefined);
});

Deno.test("a use is news once an hour", () => {
  using f = fixture();
  const { secret } = f.sessions.open(holder, NOW);
  const session = f.sessions.find(secret, NOW);
  assert.ok(session);
  assert.equal(isSessionUseNews(session, NOW + 60 * MINUTE - 1), false);
  assert.equal(isSessionUseNews(session, NOW + 60 * MINUTE), true);
});

Deno.test("logging all out ends every session, and every link that was not opened", () => {
  using f = fixture();
  const { code } = f.sessions.addLink(holder, NOW);
  const secrets = [1, 2].map(() => f.sessions.open(holder, NOW).secret);
  assert.equal(f.sessions.closeAll(), 2);
  assert.equal(f.sessions.takeLink(code, NOW), undefined);
  for (const secret of secrets) assert.equal(f.sessions.find(secret, NOW), undefined);
});

Deno.test("a session that was closed is over, and the others go on", () => {
  using f = fixture();
  const [one, other] = [f.sessions.open(holder, NOW), f.sessions.open(holder, NOW)];
  f.sessions.close(one.secret);
  assert.equal(f.sessions.find(one.secret, NOW), undefined);
  assert.ok(f.sessions.find(other.secret, NOW));
});

Deno.test("a copy of the database opens nothing: it holds no secret, in no spelling", () => {
  using f = fixture();
  const { code } = f.sessions.addLink(holder, NOW);
  const { secret } = f.sessions.open(holder, NOW);
  for (const table of ["login_link", "operator_session"]) {
    const { digest } = f.db.prepare(`SELECT digest FROM ${table}`).get() ?? {};
    assert.ok(digest instanceof Uint8Array && digest.length === 32, table);
    const texts = [new TextDecoder().decode(digest), digest.toBase64({ alphabet: "base64url", omitPadding: true })];
    for (const text of texts) assert.ok(text !== code && text !== secret);
  }
});

Deno.test("of 65 sessions of a token the one that was not used for longest ends, and nobody else's", () => {
  using f = fixture();
  const other = f.sessions.open({ token: undefined, role: "admin" }, NOW);
  const opened = Array.from({ length: 64 }, (_, i) => f.sessions.open(holder, NOW + i));
  f.sessions.touch(opened[0]?.secret ?? "", NOW + 100);
  const last = f.sessions.open(holder, NOW + 101);
  const alive = opened.map(({ secret }) => f.sessions.find(secret, NOW + 101) !== undefined);
  assert.deepEqual(alive, opened.map((_, i) => i !== 1));
  assert.ok(f.sessions.find(last.secret, NOW + 101) && f.sessions.find(other.secret, NOW + 101));
});

Deno.test("of 65 links of a token that wait the oldest is void, and nobody else's", () => {
  using f = fixture();
  const other = f.sessions.addLink({ token: undefined, role: "admin" }, NOW);
  const [first, second] = Array.from({ length: 65 }, (_, i) => f.sessions.addLink(holder, NOW + i));
  assert.equal(f.sessions.takeLink(first?.code ?? "", NOW + 100), undefined);
  assert.deepEqual(f.sessions.takeLink(second?.code ?? "", NOW + 100), holder);
  assert.equal(f.sessions.takeLink(other.code, NOW + 100)?.role, "admin");
});
