import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { at, type Fixture, openFixture } from "./fixture.ts";

const Paths = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Text that a client should not send: any unicode, percent signs, quotes, path climbing, numbers out of range. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "%",
    "%zz",
    "%00",
    "..",
    "../../x",
    "'",
    '"; DROP TABLE device; --',
    "-1",
    "1e309",
    "NaN",
    "0x10",
    "null",
  ),
  fc.constantFrom("__proto__", "constructor", "a".repeat(5_000), "\u202e", "9".repeat(40), "Pac", "roof"),
  fc.integer().map(String),
);

async function routes(f: Fixture): Promise<readonly (readonly [string, string])[]> {
  const { paths } = Paths.parse((await f.ask("GET", "/api/v1/openapi.json")).body);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const)
  );
}

async function assertRefusedWell(response: Response, what: string): Promise<void> {
  if (response.ok) return void await response.body?.cancel();
  assert.ok([400, 404, 405, 409, 413, 415, 422].includes(response.status), `${what}: ${response.status}`);
  assert.equal(response.headers.get("content-type"), "application/problem+json", what);
  const problem: unknown = await response.json();
  assert.equal(at(problem, "status"), response.status);
  for (const key of ["error", "message", "detail", "title", "type"]) {
    assert.equal(typeof at(problem, key), "string", key);
  }
}

Deno.test("no path, query or body makes the operator API answer anything but success or a 4xx problem", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  const known = await routes(f);
  const query = fc.dictionary(
    fc.constantFrom("from", "to", "limit", "registers", "inverter", "resolution", "cursor", "after", "device_id", "x"),
    nasty,
    { maxKeys: 4 },
  );
  const body = fc.oneof(
    fc.json().map((text) => text),
    nasty,
    fc.record({ device_id: nasty, name: nasty, role: nasty, auth: nasty, key: nasty }, { requiredKeys: [] })
      .map((value) => JSON.stringify(value)),
  );
  const request = fc.record({ route: fc.constantFrom(...known), value: nasty, encoded: fc.boolean(), query, body });
  await fc.assert(
    fc.asyncProperty(request, async ({ route: [method, path], value, encoded, query, body }) => {
      const segment = encoded ? encodeURIComponent(value.toWellFormed()) : value.replace(/[?#]/g, "");
      const url = `${path.replace(/\{\w+\}/g, () => segment)}?${new URLSearchParams(query)}`;
      const withBody = method === "POST" ? body : undefined;
      await assertRefusedWell(await f.send("admin", method, url, withBody), `${method} ${url.slice(0, 200)}`);
    }),
    { numRuns: 400 },
  );
  assert.equal((await f.ask("POST", "/api/v1/devices", { device_id: "after" })).status, 201);
});
