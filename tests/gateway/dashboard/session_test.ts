import assert from "node:assert/strict";
import { at, type Fixture, openFixture } from "../api/fixture.ts";
import { fakeLog } from "../../fakes/log.ts";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";

const ORIGIN = "http://gateway:8080";
const BROWSER = { host: "gateway:8080", origin: ORIGIN };

/** A request as a browser sends it from the page, with whatever is said otherwise. */
async function request(
  { app }: Fixture,
  method: string,
  path: string,
  { headers = {}, body, address = "192.0.2.7" }: {
    headers?: Record<string, string>;
    body?: unknown;
    address?: string;
  } = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await app.request(`${ORIGIN}${path}`, {
    method,
    headers: { ...BROWSER, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }, { address });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

async function newLink(fixture: Fixture, role: "viewer" | "operator" | "admin" = "admin"): Promise<string> {
  const made = await fixture.send(role, "POST", "/api/v1/login-links", {});
  return String(at(await made.json(), "code"));
}

interface Browser {
  readonly cookie: string;
  readonly csrf: string;
}

async function logIn(fixture: Fixture, body: unknown): Promise<Browser> {
  const response = await request(fixture, "POST", "/session", { body });
  assert.equal(response.status, 200, JSON.stringify(response.body));
  const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return { cookie, csrf: String(at(response.body, "csrf_token")) };
}

const NEW_DEVICE = { device_id: "roof" };

function addDevice(fixture: Fixture, headers: Record<string, string>) {
  return request(fixture, "POST", "/api/v1/devices", { headers, body: NEW_DEVICE });
}

Deno.test("a link logs in once, and its session reads and changes what its role may", async () => {
  await using fixture = await openFixture();
  const code = await newLink(fixture);
  const { cookie, csrf } = await logIn(fixture, { code });
  const who = await request(fixture, "GET", "/session", { headers: { cookie } });
  assert.equal(at(who.body, "role"), "admin");
  assert.equal(at(who.body, "csrf_token"), csrf);
  assert.equal((await addDevice(fixture, { cookie, "x-ecowatt-csrf": csrf })).status, 201);
  const again = await request(fixture, "POST", "/session", { body: { code } });
  assert.equal(again.status, 401);
  assert.match(String(at(again.body, "detail")), /used already or has expired.*ecowatt dashboard/);
});

Deno.test("the cookie is kept from scripts and other sites, and over https from everything but its own host", async () => {
  await using fixture = await openFixture();
  const plain = await request(fixture, "POST", "/session", { body: { token: fixture.tokens.viewer } });
  assert.match(
    plain.headers.get("set-cookie") ?? "",
    /^ecowatt_session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/,
  );
  const headers = { origin: "https://gateway:8080" };
  const secure = await request(fixture, "POST", "/session", { headers, body: { token: fixture.tokens.viewer } });
  assert.match(
    secure.headers.get("set-cookie") ?? "",
    /^__Host-ecowatt_session=[\w-]{43}; Secure; HttpOnly; SameSite=Strict; Path=\//,
  );
  assert.equal(secure.headers.get("cache-control"), "no-store");
});

Deno.test("no secret of a link or a session is in the database", async () => {
  await using fixture = await openFixture();
  const code = await newLink(fixture);
  const { cookie, csrf } = await logIn(fixture, { code: await newLink(fixture) });
  {
    using db = openGatewayDatabase(fixture.folder);
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  const bytes = await Deno.readFile(`${fixture.folder}/gateway.db`);
  const stored = new TextDecoder("latin1").decode(bytes);
  for (const secret of [code, cookie.split("=")[1] ?? "", csrf]) {
    assert.ok(secret.length > 40 && !stored.includes(secret));
  }
});

Deno.test("a link expires after ten minutes, a session after a week without use and after a month in any case", async () => {
  await using fixture = await openFixture();
  const code = await newLink(fixture);
  await fixture.clock.advance(10 * 60_000);
  assert.equal((await request(fixture, "POST", "/session", { body: { code } })).status, 401);
  const { cookie } = await logIn(fixture, { token: fixture.tokens.viewer });
  const status = async () => (await request(fixture, "GET", "/status", { headers: { cookie } })).status;
  let days = 0;
  while (await status() === 200) {
    await fixture.stores.commit.run(() => {});
    await fixture.clock.advance(6 * 86_400_000);
    days += 6;
  }
  assert.equal(days, 30);
  const idle = await logIn(fixture, { token: fixture.tokens.viewer });
  await fixture.clock.advance(7 * 86_400_000);
  assert.equal((await request(fixture, "GET", "/status", { headers: { cookie: idle.cookie } })).status, 401);
});

Deno.test("logging out ends the session, not only the cookie", async () => {
  await using fixture = await openFixture();
  const { cookie, csrf } = await logIn(fixture, { code: await newLink(fixture) });
  const out = await request(fixture, "DELETE", "/session", { headers: { cookie, "x-ecowatt-csrf": csrf } });
  assert.equal(out.status, 204);
  assert.match(out.headers.get("set-cookie") ?? "", /^ecowatt_session=; .*Max-Age=0$/);
  assert.equal((await request(fixture, "GET", "/session", { headers: { cookie } })).status, 401);
});

Deno.test("a session ends with its token and never may more than it", async () => {
  await using fixture = await openFixture();
  const { token, secret } = await fixture.management.createToken({ name: "tablet", role: "operator" });
  const { cookie } = await logIn(fixture, { token: secret });
  const status = async () => (await request(fixture, "GET", "/status", { headers: { cookie } })).status;
  assert.equal(await status(), 200);
  await fixture.management.revokeToken(token.id);
  assert.equal(await status(), 401);
  const code = String(
    at(await (await fixture.send("viewer", "POST", "/api/v1/login-links", { role: "admin" })).json(), "code"),
  );
  const viewer = await logIn(fixture, { code });
  assert.equal(
    at((await request(fixture, "GET", "/session", { headers: { cookie: viewer.cookie } })).body, "role"),
    "viewer",
  );
});

Deno.test("a viewer at the machine itself makes links for viewers, whatever it asks for", async () => {
  await using fixture = await openFixture();
  const { sessions, commit } = fixture.stores;
  const local = await commit.run(() => sessions.addLink({ token: undefined, role: "viewer" }, fixture.clock.now()));
  const { cookie, csrf } = await logIn(fixture, { code: local.code });
  const headers = { cookie, "x-ecowatt-csrf": csrf };
  const made = await request(fixture, "POST", "/api/v1/login-links", { headers, body: { role: "admin" } });
  assert.equal(made.status, 201);
  const second = await logIn(fixture, { code: String(at(made.body, "code")) });
  const who = await request(fixture, "GET", "/session", { headers: { cookie: second.cookie } });
  assert.equal(at(who.body, "role"), "viewer");
});

Deno.test("no answer to somebody is kept for somebody else on its way", async () => {
  await using fixture = await openFixture();
  const { cookie } = await logIn(fixture, { code: await newLink(fixture) });
  for (const path of ["/session", "/status", "/api/v1/devices", "/api/v1/tokens"]) {
    const { status, headers } = await request(fixture, "GET", path, { headers: { cookie } });
    assert.deepEqual([status, headers.get("cache-control")], [200, "no-store"], path);
  }
});

Deno.test("the log says who changed what, and with what success; looking leaves no trace", async () => {
  const { log, lines } = fakeLog();
  await using fixture = await openFixture(undefined, undefined, log);
  const { cookie, csrf } = await logIn(fixture, { code: await newLink(fixture) });
  const told = lines.length;
  await addDevice(fixture, { cookie, "x-ecowatt-csrf": csrf });
  await addDevice(fixture, { authorization: `Bearer ${fixture.tokens.admin}` });
  await request(fixture, "GET", "/api/v1/devices", { headers: { cookie } });
  assert.deepEqual(lines.slice(told), [
    "info: operator request POST /api/v1/devices 201 test admin",
    "info: operator request POST /api/v1/devices 409 test admin",
  ]);
});

Deno.test("a viewer's session changes nothing", async () => {
  await using fixture = await openFixture();
  const { cookie, csrf } = await logIn(fixture, { code: await newLink(fixture, "viewer") });
  assert.equal((await addDevice(fixture, { cookie, "x-ecowatt-csrf": csrf })).status, 403);
  assert.deepEqual(fixture.management.listDevices(), []);
});

const FORGERIES: readonly (readonly [string, (browser: Browser) => Record<string, string>])[] = [
  ["no CSRF token", () => ({})],
  ["an empty CSRF token", () => ({ "x-ecowatt-csrf": "" })],
  ["a CSRF token of the right length", ({ csrf }) => ({ "x-ecowatt-csrf": "A".repeat(csrf.length) })],
  ["another origin", ({ csrf }) => ({ "x-ecowatt-csrf": csrf, origin: "https://evil.test" })],
  ["another port", ({ csrf }) => ({ "x-ecowatt-csrf": csrf, origin: "http://gateway:8081" })],
  ["an opaque origin", ({ csrf }) => ({ "x-ecowatt-csrf": csrf, origin: "null" })],
  ["a cross-site fetch", ({ csrf }) => ({ "x-ecowatt-csrf": csrf, "sec-fetch-site": "cross-site" })],
  ["a same-site fetch of a sibling", ({ csrf }) => ({ "x-ecowatt-csrf": csrf, "sec-fetch-site": "same-site" })],
];

for (const [what, headers] of FORGERIES) {
  Deno.test(`a change with a cookie and ${what} is refused`, async () => {
    await using fixture = await openFixture();
    const browser = await logIn(fixture, { code: await newLink(fixture) });
    const response = await addDevice(fixture, { cookie: browser.cookie, ...headers(browser) });
    assert.equal(response.status, 403);
    assert.deepEqual(fixture.management.listDevices(), []);
    const out = await request(fixture, "DELETE", "/session", {
      headers: { cookie: browser.cookie, ...headers(browser) },
    });
    assert.equal(out.status, 403);
  });
}

Deno.test("a change with a cookie from nowhere in particular is refused, one through a proxy is not", async () => {
  await using fixture = await openFixture();
  const { cookie, csrf } = await logIn(fixture, { code: await newLink(fixture) });
  const send = (headers: Record<string, string>) =>
    fixture.app.request(`${ORIGIN}/api/v1/devices`, {
      method: "POST",
      headers: { cookie, "x-ecowatt-csrf": csrf, "content-type": "application/json", ...headers },
      body: JSON.stringify(NEW_DEVICE),
    }, { address: "192.0.2.7" });
  assert.equal((await send({ host: "gateway:8080" })).status, 403);
  const proxied = { host: "127.0.0.1:8080", "x-forwarded-host": "solar.test", origin: "https://solar.test" };
  assert.equal((await send(proxied)).status, 201);
});

Deno.test("a token in the header counts, whatever the cookie says", async () => {
  await using fixture = await openFixture();
  const { cookie } = await logIn(fixture, { code: await newLink(fixture) });
  const headers = { cookie, authorization: "Bearer wrong" };
  assert.equal((await request(fixture, "GET", "/status", { headers })).status, 401);
  const bearer = { authorization: `Bearer ${fixture.tokens.viewer}` };
  const who = await request(fixture, "GET", "/session", { headers: { ...bearer, cookie } });
  assert.deepEqual([at(who.body, "role"), at(who.body, "csrf_token")], ["viewer", null]);
});

Deno.test("another site cannot log a browser in", async () => {
  await using fixture = await openFixture();
  const headers = { origin: "https://evil.test" };
  const response = await request(fixture, "POST", "/session", { headers, body: { token: fixture.tokens.viewer } });
  assert.equal(response.status, 403);
  assert.equal(response.headers.get("set-cookie"), null);
});

Deno.test("ten failed logins shut the door to an address for minutes, and every one is in the security log", async () => {
  await using fixture = await openFixture();
  const login = (token: string, address: string) => request(fixture, "POST", "/session", { body: { token }, address });
  for (let i = 0; i < 10; i++) assert.equal((await login(`wrong ${i}`, "192.0.2.66")).status, 401);
  const shut = await login(fixture.tokens.viewer, "192.0.2.66");
  assert.equal(shut.status, 429);
  assert.equal(shut.headers.get("retry-after"), "300");
  assert.equal((await login(fixture.tokens.viewer, "192.0.2.67")).status, 200);
  const log = fixture.stores.securityLog.latest({ limit: 100 });
  assert.equal(log.length, 10);
  assert.ok(
    log.every(({ reason, address, path }) => reason === "bad_login" && address === "192.0.2.66" && path === "/session"),
  );
  assert.doesNotMatch(JSON.stringify(log), /wrong/);
  await fixture.clock.advance(300_000);
  assert.equal((await login(fixture.tokens.viewer, "192.0.2.66")).status, 200);
});

Deno.test("an administrator logs every browser out at once", async () => {
  await using fixture = await openFixture();
  const browsers = [
    await logIn(fixture, { code: await newLink(fixture) }),
    await logIn(fixture, { token: fixture.tokens.viewer }),
  ];
  const code = await newLink(fixture);
  assert.deepEqual(await fixture.ask("DELETE", "/api/v1/sessions"), { status: 200, body: { closed: 2 } });
  for (const { cookie } of browsers) {
    assert.equal((await request(fixture, "GET", "/session", { headers: { cookie } })).status, 401);
  }
  assert.equal((await request(fixture, "POST", "/session", { body: { code } })).status, 401);
});

Deno.test("noise in the cookie and in the body is refused, never an error of the server", async () => {
  await using fixture = await openFixture();
  for (
    const cookie of [
      "ecowatt_session",
      "ecowatt_session=",
      `ecowatt_session=${"x".repeat(5_000)}`,
      "=;;=;",
      "ecowatt_session=%00",
    ]
  ) {
    assert.equal((await request(fixture, "GET", "/status", { headers: { cookie } })).status, 401, cookie.slice(0, 30));
  }
  for (const body of [{}, [], { code: 1 }, { code: "" }, { code: "x", token: "y" }, { token: "x".repeat(600) }]) {
    assert.equal((await request(fixture, "POST", "/session", { body })).status, 400, JSON.stringify(body).slice(0, 40));
  }
});
