import assert from "node:assert/strict";
import fc from "fast-check";
import { at, type Fixture, openFixture } from "./fixture.ts";

const PATH = "/api/v1/devices/roof/settings";

async function withNode(): Promise<Fixture> {
  const f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof" });
  return f;
}

function put(f: Fixture, body: unknown, ifMatch?: string, method = "PUT", query = ""): Promise<Response> {
  return Promise.resolve(f.app.request(PATH + query, {
    method,
    headers: {
      authorization: `Bearer ${f.tokens.operator}`,
      "content-type": "application/json",
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  }, { address: "192.0.2.1" }));
}

Deno.test("settings are read, replaced and changed, and every change is a version", async () => {
  await using f = await withNode();
  const empty = await f.send("viewer", "GET", PATH);
  assert.equal(empty.headers.get("etag"), '"0"');
  assert.deepEqual(await empty.json(), {
    device_id: "roof",
    version: 0,
    desired: {},
    reported: null,
    pending: [],
    state: "in_sync",
    progress: {},
  });
  const first = await put(f, { poll_interval_s: 3, upload_interval_s: 60, registers: ["Vac1", "Iac1"] });
  assert.equal(first.headers.get("etag"), '"1"');
  const view = await first.json();
  assert.deepEqual(at(view, "pending"), ["poll_interval_s", "upload_interval_s", "registers"]);
  assert.deepEqual(at(view, "changes", 0), { key: "poll_interval_s", from: null, to: 3 });
  const { body: changed } = await f.ask("PATCH", PATH, { poll_interval_s: 5, registers: null });
  assert.equal(at(changed, "version"), 2);
  assert.deepEqual(at(changed, "desired"), { poll_interval_s: 5, upload_interval_s: 60 });
  const { body: replaced } = await f.ask("PUT", PATH, { upload_interval_s: 60 });
  assert.deepEqual(at(replaced, "desired"), { upload_interval_s: 60 });
});

Deno.test("the same settings again make no new version and say so", async () => {
  await using f = await withNode();
  await put(f, { poll_interval_s: 3, registers: ["Vac1", "Pac"] });
  for (
    const body of [{ poll_interval_s: 3, registers: ["Pac", "Vac1"] }, {
      poll_interval_s: 3,
      registers: ["Vac1", "Pac"],
    }]
  ) {
    const again = await (await put(f, body)).json();
    assert.deepEqual([at(again, "changed"), at(again, "version"), at(again, "changes")], [false, 1, []]);
  }
  assert.equal(at((await f.ask("PATCH", PATH, {})).body, "changed"), false);
  const { body } = await f.ask("GET", `${PATH}/history`);
  assert.equal(at(body, "events", 1), undefined);
});

Deno.test("a dry run shows the difference and changes nothing, or gives every reason", async () => {
  await using f = await withNode();
  await put(f, { poll_interval_s: 3 });
  const dry = await (await put(f, { poll_interval_s: 7 }, undefined, "PATCH", "?dry_run=true")).json();
  assert.deepEqual([at(dry, "dry_run"), at(dry, "changed")], [true, true]);
  assert.deepEqual(at(dry, "changes"), [{ key: "poll_interval_s", from: 3, to: 7 }]);
  assert.equal((await put(f, { poll_interval_s: 0 }, undefined, "PATCH", "?dry_run=true")).status, 422);
  assert.equal((await put(f, { poll_interval_s: 7 }, '"9"', "PATCH", "?dry_run=true")).status, 412);
  const { body } = await f.ask("GET", PATH);
  assert.deepEqual([at(body, "version"), at(body, "desired")], [1, { poll_interval_s: 3 }]);
});

Deno.test("all reasons of a refusal come at once and nothing is kept", async () => {
  await using f = await withNode();
  const answer = await put(f, { poll_interval_s: 4_000, upload_interval_s: 0.5, registers: [] });
  assert.equal(answer.status, 422);
  const problem = await answer.json();
  const paths = [0, 1, 2].map((i) => at(problem, "errors", i, "path"));
  assert.deepEqual(paths, ["poll_interval_s", "upload_interval_s", "registers"]);
  assert.equal(at((await f.ask("GET", PATH)).body, "version"), 0);
});

Deno.test("register names are checked against what the node uploads, and kept as its profile spells them", async () => {
  await using f = await withNode();
  await put(f, { registers: ["anything"] });
  await f.store({ device: "roof", registers: ["Vac1"], samples: [{ at: 1_782_000_000_000, values: [2300] }] });
  assert.equal((await put(f, { registers: ["Vac1", "anything"] })).status, 422);
  const view = await (await put(f, { registers: ["REG_VAC1", "pac"] })).json();
  assert.deepEqual(at(view, "desired", "registers"), ["Vac1", "Pac"]);
});

Deno.test("an inverter that was replaced, or taken away a week ago, no longer has a say", async () => {
  await using f = await withNode();
  const old = "sunspec:1@40002/66,103@40070/50";
  const upload = (inverter: string, profile: string, register: string) =>
    f.store({
      device: "roof",
      inverter,
      profile,
      registers: [register],
      samples: [{ at: f.clock.now(), values: [1] }],
    });
  await upload("east", old, "103.W");
  await upload("west", old, "103.W");
  assert.equal((await put(f, { registers: ["103.W"] })).status, 200);
  await f.clock.advance(86_400_000);
  await upload("east", "ecowatt", "Pac");
  assert.equal((await put(f, { registers: ["Pac"] })).status, 422, "west has no Pac");
  await f.clock.advance(7 * 86_400_000);
  await upload("east", "ecowatt", "Pac");
  assert.equal((await put(f, { registers: ["Pac"] })).status, 200);
  assert.equal((await put(f, { registers: ["103.W"] })).status, 422);
});

Deno.test("what a board cannot do is refused when it is set", async () => {
  await using f = await openFixture();
  await f.ask("POST", "/api/v1/devices", { device_id: "roof", auth: "legacy" });
  assert.equal((await put(f, { poll_interval_s: 2, upload_interval_s: 60 })).status, 200);
  for (const body of [{ poll_interval_s: 2.5 }, { registers: ["Vac1"] }, { upload_interval_s: 86_400 }]) {
    const answer = await put(f, body, undefined, "PATCH");
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.match(String(at(await answer.json(), "detail")), /board/);
  }
});

Deno.test("a change made from an older version is refused, a repeated one is not", async () => {
  await using f = await withNode();
  assert.equal((await put(f, { poll_interval_s: 1 }, '"0"')).status, 200);
  assert.equal((await put(f, { poll_interval_s: 2 }, '"0"')).status, 412);
  assert.equal((await put(f, { poll_interval_s: 1 }, '"0"')).status, 200, "its answer was lost");
  assert.equal((await put(f, { poll_interval_s: 2, version: 0 })).status, 409);
  assert.equal((await put(f, { poll_interval_s: 2, version: 1 })).status, 200);
  assert.equal((await put(f, { poll_interval_s: 3 }, '"9", "2"')).status, 200);
  assert.equal((await put(f, { poll_interval_s: 4 }, "*")).status, 200);
});

Deno.test("If-Match is taken as RFC 9110 writes it, and weak tags as what compresses on the way makes of ours", async () => {
  await using f = await withNode();
  let version = 0;
  const taken = ['"N"', 'W/"N"', '"9", "N"', '"x",W/"N"', ' , "N" ,, "9",', 'W/"9", W/"N"', "*", " * "];
  for (const header of taken) {
    const answer = await put(f, { poll_interval_s: 10 + version }, header.replace("N", String(version)));
    assert.equal(answer.status, 200, header);
    version++;
  }
  for (const header of ['"7"', 'W/"7"', '"7", W/"x"', '"8-gzip"', '"08x"', '""', `"${"9".repeat(20)}"`]) {
    assert.equal((await put(f, { poll_interval_s: 3 }, header)).status, 412, header);
  }
  for (const header of ["8", "", ",", '"8', '"8" "9"', "W/8", 'w/"8"', '"8", *', '"a b"', `"${"8".repeat(300)}"`]) {
    assert.equal((await put(f, { poll_interval_s: 3 }, header)).status, 400, header);
  }
});

Deno.test("of twenty changes made from the same version at the same time exactly one is taken", async () => {
  await using f = await withNode();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => put(f, { poll_interval_s: 1 + i }, '"0"')),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(answers.filter(({ status }) => status === 412).length, 19);
  assert.equal(at((await f.ask("GET", PATH)).body, "version"), 1);
});

Deno.test("a viewer reads settings and an operator sets them", async () => {
  await using f = await withNode();
  const table: readonly (readonly [string, string, number, number, number])[] = [
    ["GET", PATH, 401, 200, 200],
    ["GET", `${PATH}/history`, 401, 200, 200],
    ["PUT", PATH, 401, 403, 200],
    ["PATCH", PATH, 401, 403, 200],
  ];
  for (const [method, path, nobody, viewer, operator] of table) {
    for (const [role, expected] of [[undefined, nobody], ["viewer", viewer], ["operator", operator]] as const) {
      const answer = await f.send(role, method, path, method === "GET" ? undefined : {});
      assert.equal(answer.status, expected, `${role} ${method} ${path}`);
    }
  }
  assert.equal((await f.ask("GET", "/api/v1/devices/nobody/settings")).status, 404);
  assert.equal((await f.ask("PUT", "/api/v1/devices/nobody/settings", {})).status, 404);
});

Deno.test("no body makes the gateway fail", async () => {
  await using f = await withNode();
  const texts = ["", "{", "[]", "null", '"x"', "1e999", '{"poll_interval_s":1e999}', '{"registers":"Vac1"}', '{"x":1}'];
  for (const text of texts) assert.equal((await put(f, text)).status, 400, text);
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const { status } = await put(
        f,
        { poll_interval_s: value, upload_interval_s: value, registers: [value] },
        undefined,
        "PATCH",
      );
      assert.ok(status === 200 || status === 400 || status === 422, JSON.stringify(value));
    }),
    { numRuns: 100 },
  );
});
