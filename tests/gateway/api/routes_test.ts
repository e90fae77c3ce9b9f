import assert from "node:assert/strict";
import { z } from "zod";
import { includesRole, Role } from "../../../gateway/store/tokens.ts";
import { at, openFixture } from "./fixture.ts";

/** The only path that answers without credentials. */
const OPEN = new Set(["post /session", "delete /session", "get /health"]);

const Operation = z.looseObject({
  summary: z.string().min(5),
  tags: z.array(z.string()).min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(
    z.looseObject({ name: z.string(), in: z.enum(["path", "query", "header"]), schema: z.looseObject({}) }),
  )
    .optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string().min(1) })),
});
const Document = z.looseObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(
    z.string().startsWith("/"),
    z.partialRecord(z.enum(["get", "post", "put", "patch", "delete"]), Operation),
  ),
  components: z.looseObject({
    schemas: z.record(z.string(), z.looseObject({})),
    securitySchemes: z.looseObject({ bearer: z.looseObject({ type: z.literal("http"), scheme: z.literal("bearer") }) }),
  }),
});

async function operations() {
  await using f = await openFixture();
  const { status, body } = await f.ask("GET", "/api/v1/openapi.json");
  assert.equal(status, 200);
  const document = Document.parse(body);
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation }))
  );
  return { document, all };
}

/** A path with something that fits in place of its parameters. */
function concrete(path: string): string {
  return path.replace("{device_id}", "nobody").replace("{number}", "1").replace("{id}", "0123456789");
}

Deno.test("the API document is OpenAPI 3.1: every reference resolves, every path parameter is declared", async () => {
  const { document, all } = await operations();
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(name !== undefined && name in document.components.schemas, `no schema ${name}`);
  }
  for (const { name, path, operation } of all) {
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path").map(({ name }) =>
      name
    );
    assert.deepEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key).sort(), declared.sort(), name);
    assert.ok("default" in operation.responses, `${name} says nothing of problems`);
    assert.ok(Object.keys(operation.responses).some((code) => /^2\d\d$/.test(code)), `${name} never succeeds`);
  }
  assert.ok(all.length >= 15);
});

Deno.test("every route of the application is in the document", async () => {
  await using f = await openFixture();
  const { all } = await operations();
  const documented = new Set(
    all.map(({ method, path }) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
  );
  for (const { method, path } of f.app.routes) assert.ok(documented.has(`${method} ${path}`), `${method} ${path}`);
});

Deno.test("every documented route asks for credentials and for the role it names, and no more", async (t) => {
  const { all } = await operations();
  await using f = await openFixture();
  for (const { name, method, path, operation } of all) {
    if (OPEN.has(name) || "device" in (operation.security[0] ?? {})) continue;
    await t.step(name, async () => {
      const needed = Role.parse(operation.security[0]?.["bearer"]?.[0]);
      const url = concrete(path);
      const without = await f.send(undefined, method.toUpperCase(), url);
      assert.equal(without.status, 401);
      assert.match(without.headers.get("www-authenticate") ?? "", /^Bearer/);
      assert.equal(at(await without.json(), "error"), "Unauthorized");
      for (const role of Role.options) {
        const response = await f.send(role, method.toUpperCase(), url, method === "get" ? undefined : {});
        await response.body?.cancel();
        if (includesRole(role, needed)) assert.ok(![401, 403].includes(response.status), `${role}: ${response.status}`);
        else assert.equal(response.status, 403, role);
      }
    });
  }
});

Deno.test("credentials that are none are refused: wrong scheme, wrong token, empty, expired, revoked", async () => {
  await using f = await openFixture();
  const brief = await f.management.createToken({ name: "test brief", role: "admin", expiresAt: f.clock.now() + 1000 });
  const gone = await f.management.createToken({ name: "test gone", role: "admin" });
  await f.management.revokeToken(gone.token.id);
  const status = async (authorization: string) =>
    (await f.app.request("/status", { headers: { authorization } }, { address: "192.0.2.1" })).status;
  assert.equal(await status(`Bearer ${brief.secret}`), 200);
  await f.clock.advance(1000);
  for (
    const authorization of [
      `Bearer ${brief.secret}`,
      `Bearer ${gone.secret}`,
      `Basic ${f.tokens.admin}`,
      "Bearer",
      "Bearer ",
      `Bearer ${f.tokens.admin}x`,
      `Bearer ${f.tokens.admin} ${f.tokens.admin}`,
      f.tokens.admin,
      `Bearer ${"a".repeat(10_000)}`,
    ]
  ) assert.equal(await status(authorization), 401, authorization.slice(0, 20));
  assert.equal(await status(`bearer ${f.tokens.viewer}`), 200);
});

Deno.test("unknown paths are 404, known ones with another method 405 with Allow, all of them problems", async () => {
  await using f = await openFixture();
  const cases = [
    ["GET", "/", 404, null],
    ["GET", "/api/v1/nothing", 404, null],
    ["GET", "/api/v1/devices/a/b/c", 404, null],
    ["PUT", "/api/v1/devices", 405, "GET, HEAD, POST"],
    ["POST", "/health", 405, "GET, HEAD"],
    ["DELETE", "/api/v1/devices/roof/samples", 405, "GET, HEAD"],
    ["GET", "/security/reset", 405, "POST"],
  ] as const;
  for (const [method, path, status, allow] of cases) {
    const response = await f.send("admin", method, path);
    const body: unknown = await response.json();
    assert.equal(response.status, status, `${method} ${path}`);
    assert.equal(response.headers.get("allow"), allow);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    for (const key of ["type", "title", "status", "detail", "error", "message"]) assert.ok(at(body, key), key);
  }
});

Deno.test("bodies that cannot be taken are refused by their kind, and every broken rule is named", async () => {
  await using f = await openFixture();
  const post = async (body: BodyInit, type: string | undefined, more: Record<string, string> = {}) => {
    const response = await f.app.request("/api/v1/devices", {
      method: "POST",
      body,
      headers: {
        authorization: `Bearer ${f.tokens.admin}`,
        ...(type === undefined ? {} : { "content-type": type }),
        ...more,
      },
    }, { address: "192.0.2.1" });
    const answer: unknown = await response.json();
    return { status: response.status, answer };
  };
  assert.equal((await post("{}", "text/plain")).status, 415);
  assert.equal((await post("{", "application/json")).status, 400);
  assert.equal((await post(new Uint8Array([0xff]), "application/json")).status, 400);
  assert.equal((await post("[".repeat(100) + "]".repeat(100), "application/json")).status, 400);
  assert.equal((await post(`"${"a".repeat(1 << 20)}"`, "application/json")).status, 413);
  assert.equal((await post("{}", "application/json", { "content-encoding": "gzip" })).status, 415);
  const { status, answer } = await post('{"device_id":"a b","auth":"none","extra":1}', "application/json");
  assert.equal(status, 400);
  const errors = z.array(z.object({ path: z.string(), message: z.string() })).parse(at(answer, "errors"));
  assert.deepEqual(errors.map(({ path }) => path).sort(), ["", "auth", "device_id"]);
  assert.equal((await post('{"device_id":"good"}', "application/json; charset=utf-8")).status, 201);
});

Deno.test("what nobody foresaw is a 503 with an id, without the reason", async () => {
  await using f = await openFixture();
  f.health.ok = "broken";
  const response = await f.send(undefined, "GET", "/health");
  const text = await response.text();
  assert.equal(response.status, 503);
  assert.ok(response.headers.has("retry-after"));
  assert.match(text, /under [0-9a-f]{12}/);
  assert.ok(!text.includes("a detail"));
});
