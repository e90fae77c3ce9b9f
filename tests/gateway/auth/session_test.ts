import assert from "node:assert/strict";
import { lesser, sessionCookie, sessionOf } from "../../../gateway/auth/session.ts";
import { createSessions, type Holder } from "../../../gateway/store/sessions.ts";
import { Role, type Token } from "../../../gateway/store/tokens.ts";
import { SCHEMA } from "../../../gateway/store/sessions.ts";
import { openSqlite } from "../../../platform/sqlite.ts";
import { systemRandom } from "../../../platform/random.ts";

const NOW = Date.UTC(2026, 5, 21, 12);
const WEEK = 7 * 86_400_000;

/** Sessions of one token, as the request of a browser finds them. */
function fixture(token: Pick<Token, "role" | "expiresAt">) {
  const db = openSqlite(":memory:", { synchronous: "full", migrations: [SCHEMA] });
  const sessions = createSessions(db, systemRandom);
  const known: Token = { id: "0123456789", name: "test", createdAt: 0, lastUsedAt: 0, revokedAt: undefined, ...token };
  const io = {
    sessions,
    tokens: { byId: (id: string) => id === known.id ? known : undefined },
    commit: { run: <T>(work: () => T) => Promise.resolve(work()) },
  };
  const find = (secret: string, now = NOW) =>
    sessionOf(new Headers({ cookie: `ecowatt_session=${secret}` }), { ...io, clock: { now: () => now } });
  return { find, open: (holder: Holder) => sessions.open(holder, NOW).secret, [Symbol.dispose]: () => db.close() };
}

Deno.test("a session may do what both its token and its link may", () => {
  for (const token of Role.options) {
    using f = fixture({ role: token, expiresAt: undefined });
    for (const link of Role.options) {
      const session = f.find(f.open({ token: "0123456789", role: link }));
      const least = Role.options[Math.min(Role.options.indexOf(token), Role.options.indexOf(link))];
      assert.equal(session?.token.role, least, `${token}'s link for ${link}`);
      assert.equal(lesser(token, link), least);
    }
  }
});

Deno.test("a session of the machine itself may do what its link may, and one of a token that is gone is none", () => {
  using f = fixture({ role: "admin", expiresAt: undefined });
  assert.equal(f.find(f.open({ token: undefined, role: "viewer" }))?.token.role, "viewer");
  assert.equal(f.find(f.open({ token: "9999999999", role: "viewer" })), undefined);
});

Deno.test("a session says that it ends when its token does, if that is sooner", () => {
  using brief = fixture({ role: "viewer", expiresAt: NOW + 1_000 });
  assert.equal(brief.find(brief.open({ token: "0123456789", role: "viewer" }))?.expiresAt, NOW + 1_000);
  using long = fixture({ role: "viewer", expiresAt: NOW + 10 * WEEK });
  assert.equal(long.find(long.open({ token: "0123456789", role: "viewer" }))?.expiresAt, NOW + WEEK);
});

Deno.test("a session that is used goes on, an hour's use is one write", () => {
  using f = fixture({ role: "viewer", expiresAt: undefined });
  const secret = f.open({ token: "0123456789", role: "viewer" });
  assert.ok(f.find(secret, NOW + WEEK - 1));
  assert.ok(f.find(secret, NOW + WEEK), "its use put the end off");
});

Deno.test("a cookie is for https alone where the browser speaks that", () => {
  const session = { secret: "s", maxAgeS: 1 };
  const flags = "; HttpOnly; SameSite=Strict; Path=/; Max-Age=1";
  assert.equal(sessionCookie(new Headers({ origin: "http://a.test" }), session), `ecowatt_session=s${flags}`);
  assert.equal(
    sessionCookie(new Headers({ origin: "https://a.test" }), session),
    `__Host-ecowatt_session=s; Secure${flags}`,
  );
});
