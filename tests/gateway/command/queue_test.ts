import assert from "node:assert/strict";
import { blockOf, someSamples, upload } from "../../fakes/device_gateway.ts";
import { type Running, startRunning } from "./running.ts";

const setPower = (power_value: unknown, more: Record<string, unknown> = {}) => ({
  device_id: "roof",
  command_type: "set_power",
  parameters: { power_value },
  ...more,
});

async function withNode(): Promise<Running> {
  const gateway = await startRunning();
  await gateway.addNode("roof");
  return gateway;
}

async function count(gateway: Running): Promise<number> {
  return (await gateway.ask("GET", "/command/history?device_id=roof")).body.command_count;
}

Deno.test("what breaks the rules is 400 with the path, and nothing is queued", async () => {
  await using gateway = await withNode();
  const bad: readonly (readonly [unknown, string])[] = [
    [setPower(50.5), "parameters.power_value"],
    [setPower("50"), "parameters.power_value"],
    [setPower(null), "parameters.power_value"],
    [setPower(1e308), "parameters.power_value"],
    [setPower(-(2 ** 40)), "parameters.power_value"],
    [setPower(true), "parameters.power_value"],
    [{ device_id: "roof", command_type: "set_power" }, "parameters"],
    [{ device_id: "roof", command_type: "set_power", parameters: {} }, "parameters.power_value"],
    [{ device_id: "roof", parameters: { power_value: 50 } }, "command_type"],
    [{ device_id: "roof", command_type: "reboot", parameters: {} }, "command_type"],
    [{ device_id: "roof", command_type: 7, parameters: {} }, "command_type"],
    [{ ...setPower(50), device_id: "no such name!" }, "device_id"],
    [setPower(50, { priority: 10 }), "priority"],
    [setPower(50, { priority: 5.5 }), "priority"],
    [setPower(50, { expires_at: "tomorrow" }), "expires_at"],
    [setPower(50, { expires_at: 1_800_000_000 }), "expires_at"],
    [setPower(50, { expire_at: "2026-06-21T13:00:00Z" }), ""], // a slip must not make it live for ever
    [setPower(50, { idempotency_key: "x".repeat(129) }), "idempotency_key"],
    [{ commands: [] }, "commands"],
    [{ commands: Array.from({ length: 101 }, () => setPower(50)) }, "commands"],
    [{ commands: [setPower(50), setPower("50")] }, "commands.1.parameters.power_value"],
    [{ commands: "all" }, "commands"],
    [[], "command_type"],
    ["x", ""],
    [null, ""],
  ];
  for (const [body, path] of bad) {
    const told = await gateway.ask("POST", "/command/queue", JSON.stringify(body));
    const said = JSON.stringify(told.body).slice(0, 300);
    assert.equal(told.status, 400, `${JSON.stringify(body).slice(0, 100)} ${said}`);
    if (path !== "" && !Array.isArray(body)) assert.equal(told.body.errors[0].path, path, said);
  }
  for (const body of ["", "{", "[".repeat(1_000), "\u0000"]) {
    assert.equal((await gateway.ask("POST", "/command/queue", body)).status, 400);
  }
  assert.equal(await count(gateway), 0);
});

Deno.test("roles: an operator queues, a viewer looks, nobody does neither", async () => {
  await using gateway = await withNode();
  assert.equal((await gateway.ask("POST", "/command/queue", setPower(50), "viewer")).status, 403);
  const id = await gateway.queue(setPower(50));
  const paths = [
    `/command/status?command_id=${id}`,
    "/command/history",
    "/command/history?device_id=roof",
    "/api/v1/devices/roof/write-budget",
  ];
  for (const path of paths) {
    assert.equal((await gateway.ask("GET", path, undefined, "viewer")).status, 200);
    const response = await fetch(gateway.url + path);
    assert.equal(response.status, 401);
    await response.body?.cancel();
  }
});

Deno.test("what does not exist is 404: device, command, history", async () => {
  await using gateway = await withNode();
  assert.equal((await gateway.ask("POST", "/command/queue", { ...setPower(50), device_id: "barn" })).status, 404);
  assert.equal((await gateway.ask("GET", "/command/status?command_id=nobody")).status, 404);
  assert.equal((await gateway.ask("GET", "/command/status?command_id=no%20body")).status, 400);
  assert.equal((await gateway.ask("GET", "/command/status")).status, 400);
  assert.equal((await gateway.ask("GET", "/command/history?device_id=barn")).status, 404);
  assert.equal((await gateway.ask("GET", "/api/v1/devices/barn/write-budget")).status, 404);
});

Deno.test("a batch is queued as a whole or not at all, and every reason is told", async () => {
  await using gateway = await withNode();
  const refused = await gateway.ask("POST", "/command/queue", {
    commands: [
      setPower(50),
      setPower(101),
      { device_id: "roof", command_type: "write_register", parameters: { register_address: 9, value: 1 } },
      setPower(60, { expires_at: "2026-06-21T11:00:00Z" }),
      setPower(60, { not_before: "2026-06-21T14:00:00Z", expires_at: "2026-06-21T13:00:00Z" }),
    ],
  });
  assert.equal(refused.status, 422);
  assert.deepEqual(refused.body.errors.map(({ path }: { path: string }) => path), [
    "commands.1.parameters.power_value",
    "commands.2.parameters.register_address",
    "commands.3.expires_at",
    "commands.4.expires_at",
  ]);
  assert.equal(
    (await gateway.ask("POST", "/command/queue", { commands: [setPower(1), { ...setPower(1), device_id: "no" }] }))
      .status,
    404,
  );
  assert.equal(await count(gateway), 0);
  const queued = await gateway.ask("POST", "/command/queue", { commands: [setPower(1), setPower(2)] });
  assert.equal(queued.status, 200);
  assert.equal(queued.body.command_count, 2);
  const history = await gateway.ask("GET", "/command/history?device_id=roof");
  assert.deepEqual(
    history.body.commands.map((one: { command_id: string }) => one.command_id).reverse(),
    queued.body.commands.map((one: { command_id: string }) => one.command_id),
  );
});

Deno.test("a key queues its command once, also after a restart and when it is done; another command under it is 409", async () => {
  await using gateway = await withNode();
  const asked = setPower(50, { idempotency_key: "monday" });
  const first = await gateway.ask("POST", "/command/queue", asked);
  assert.equal(first.status, 200);
  await gateway.restart();
  await gateway.clock.advance(5_000);
  assert.deepEqual((await gateway.ask("POST", "/command/queue", asked)).body, first.body);
  await gateway.ask("POST", "/command/cancel", { command_id: first.body.command_id });
  assert.deepEqual((await gateway.ask("POST", "/command/queue", asked)).body, first.body);
  assert.equal((await gateway.ask("POST", "/command/queue", { ...asked, priority: 9 })).status, 409);
  await gateway.addNode("barn");
  const other = await gateway.ask("POST", "/command/queue", { ...asked, device_id: "barn" });
  assert.notEqual(other.body.command_id, first.body.command_id);
  const batch = { commands: [asked, setPower(60, { idempotency_key: "tuesday" })] };
  const together = await gateway.ask("POST", "/command/queue", batch);
  assert.equal(together.body.commands[0].command_id, first.body.command_id);
  assert.deepEqual((await gateway.ask("POST", "/command/queue", batch)).body, together.body);
  assert.equal(await count(gateway), 2);
});

Deno.test("a register takes so many writes a day; an admin may go on, an operator may not", async () => {
  await using gateway = await startRunning({ writes_per_day: 3 });
  const node = await gateway.addNode("roof");
  const budget = async () => (await gateway.ask("GET", "/api/v1/devices/roof/write-budget")).body;
  assert.deepEqual(await budget(), { device_id: "roof", date: "2026-06-21", writes_per_register: 3, registers: [] });
  for (const value of [1, 2]) await gateway.queue(setPower(value));
  const tooMany = { commands: [setPower(3), setPower(4)] };
  assert.equal((await gateway.ask("POST", "/command/queue", tooMany)).body.errors[0].path, "commands.1.parameters");
  const third = await gateway.queue(setPower(3));
  const refused = await gateway.ask("POST", "/command/queue", setPower(4));
  assert.equal(refused.status, 422);
  assert.match(refused.body.detail, /the writes of Pow on 2026-06-21 \(UTC\) are used up/);
  const read = { device_id: "roof", command_type: "read_register", parameters: { register_address: 8 } };
  assert.equal((await gateway.ask("POST", "/command/queue", read)).status, 200, "reading wears nothing out");
  const override = setPower(4, { override_budget: true });
  assert.equal((await gateway.ask("POST", "/command/queue", override)).status, 403);
  assert.equal((await gateway.ask("POST", "/command/queue", override, "admin")).status, 200);
  assert.deepEqual((await budget()).registers, [{ inverter: "roof-1", register_address: 8, writes: 4, left: 0 }]);
  const handed = (await node.get({ holding: [] })).commands;
  assert.deepEqual(handed.map((one: { override_budget?: boolean }) => one.override_budget === true), [
    false,
    false,
    false,
    false,
    true,
  ]);
  assert.equal((await gateway.status(third)).status, "executing");
  const tomorrow = setPower(5, { not_before: "2026-06-22T00:00:00Z" });
  assert.equal((await gateway.ask("POST", "/command/queue", tomorrow)).status, 200, "another day's budget");
  gateway.clock.jump(gateway.clock.now() + 12 * 3_600_000);
  assert.deepEqual((await budget()).registers, [{ inverter: "roof-1", register_address: 8, writes: 1, left: 2 }]);
});

Deno.test("a command that no device got gives its write back", async () => {
  await using gateway = await startRunning({ writes_per_day: 1 });
  await gateway.addNode("roof");
  const id = await gateway.queue(setPower(1));
  assert.equal((await gateway.ask("POST", "/command/queue", setPower(2))).status, 422);
  await gateway.ask("POST", "/command/cancel", { command_id: id });
  await gateway.queue(setPower(2, { expires_at: "2026-06-21T12:00:10Z" }));
  await gateway.clock.advance(10_000);
  await gateway.status(id); // whoever looks ends what time has ended
  await gateway.queue(setPower(3));
});

Deno.test("a node's commands are checked against the profile of the inverter's newest upload", async () => {
  await using gateway = await startRunning();
  const roof = await gateway.addNode("roof", null);
  const early = await gateway.ask("POST", "/command/queue", setPower(50));
  assert.deepEqual([early.status, early.body.errors[0].path], [422, "profile"]);
  assert.equal((await gateway.ask("POST", "/command/queue", setPower(50, { profile: "ecowatt" }))).status, 200);
  assert.equal((await gateway.ask("POST", "/command/queue", setPower(50, { profile: "fridge" }))).status, 422);
  const block = (id: number, inverter: string, profile: string, registers: string[]) => ({
    ...blockOf(id, someSamples(2), registers),
    inverter,
    profile,
  });
  const sunspec = "sunspec:1@40002/66,103@40070/50,123@40122/24";
  await roof.post("/process", upload("roof", block(1, "south", sunspec, ["103.W", "103.W_SF"])));
  const limit = { register_address: 40_127, value: 500 }; // 123.WMaxLimPct
  const write = { device_id: "roof", command_type: "write_register", parameters: limit };
  assert.equal((await gateway.ask("POST", "/command/queue", write)).status, 200, "its only inverter is meant");
  assert.equal((await gateway.ask("POST", "/command/queue", { ...write, profile: "ecowatt" })).status, 422);
  await roof.post("/process", upload("roof", block(2, "north", "ecowatt", ["Vac1", "Pac"])));
  const which = await gateway.ask("POST", "/command/queue", write);
  assert.deepEqual([which.status, which.body.errors], [422, [
    { path: "inverter", code: "inverter_needed", message: "must say which one: north, south" },
  ]]);
  assert.equal((await gateway.ask("POST", "/command/queue", { ...write, inverter: "south" })).status, 200);
  assert.equal((await gateway.ask("POST", "/command/queue", { ...write, inverter: "north" })).status, 422);
  assert.equal((await gateway.ask("POST", "/command/queue", { ...write, inverter: "west" })).status, 422);
});

Deno.test("the history of all devices is told by device, and no longer than asked for", async () => {
  await using gateway = await withNode();
  await gateway.addNode("barn");
  await gateway.queue(setPower(1));
  await gateway.queue({ ...setPower(2), device_id: "barn" });
  const all = await gateway.ask("GET", "/command/history");
  assert.deepEqual(all.body.all_devices, true);
  assert.deepEqual(Object.keys(all.body.command_history).sort(), ["barn", "roof"]);
  const one = await gateway.ask("GET", "/command/history?limit=1");
  assert.deepEqual(Object.keys(one.body.command_history), ["barn"]);
  for (const limit of ["0", "1001", "x"]) {
    assert.equal((await gateway.ask("GET", `/command/history?limit=${limit}`)).status, 400);
  }
});

Deno.test("the history is read to its end page by page, of one state as well, while more is queued", async () => {
  await using gateway = await withNode();
  await gateway.addNode("barn");
  const ids: string[] = [];
  for (const device_id of ["roof", "barn", "roof", "barn", "roof"]) {
    ids.unshift(await gateway.queue({ ...setPower(1), device_id }));
  }
  const [, newer] = ids;
  await gateway.ask("POST", "/command/cancel", { command_id: newer });
  const read = async (query: string) => {
    const pages: string[][] = [];
    for (let before: string | null = ""; before !== null; await gateway.queue(setPower(2))) {
      const { body } = await gateway.ask("GET", `/command/history?${query}${before && `&before=${before}`}`);
      const commands = body.commands ?? Object.values(body.command_history).flat();
      pages.push(commands.map(({ command_id }: { command_id: string }) => command_id).sort());
      before = body.next;
    }
    return pages;
  };
  const pages = (...lists: readonly (string | undefined)[][]) => lists.map((list) => list.toSorted());
  assert.deepEqual(await read("limit=2"), pages(ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)));
  assert.deepEqual(await read("limit=1&device_id=barn"), [[ids[1]], [ids[3]]]);
  assert.deepEqual(await read("limit=2&device_id=barn&status=cancelled"), [[newer]]);
  assert.equal((await gateway.ask("GET", "/command/history?before=nobody")).status, 404);
  assert.equal((await gateway.ask("GET", "/command/history?status=odd")).status, 400);
});

Deno.test("a device that was removed leaves nothing behind for one that takes its name", async () => {
  await using gateway = await withNode();
  const id = await gateway.queue(setPower(1));
  const removed = await fetch(`${gateway.url}/api/v1/devices/roof`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${gateway.token("admin")}` },
  });
  assert.equal(removed.status, 204);
  const node = await gateway.addNode("roof", null);
  await node.post("/command/get", { device_id: "roof" }); // the number was used under this name before
  assert.equal((await node.get({ holding: [] })).command_count, 0);
  const { status, error_message } = await gateway.status(id);
  assert.deepEqual([status, error_message], ["cancelled", "the device was removed"]);
});

Deno.test("a thousand commands wait for a device, and then no more", async () => {
  await using gateway = await startRunning();
  await gateway.addNode("roof");
  const read = { device_id: "roof", command_type: "read_register", parameters: { register_address: 8 } };
  for (let i = 0; i < 10; i++) {
    const { status } = await gateway.ask("POST", "/command/queue", {
      commands: Array.from({ length: 100 }, () => read),
    });
    assert.equal(status, 200);
  }
  assert.equal((await gateway.ask("POST", "/command/queue", read)).status, 429);
});

Deno.test("the API document describes commands, and every reference in it leads somewhere", async () => {
  await using gateway = await startRunning();
  const { body } = await gateway.ask("GET", "/api/v1/openapi.json");
  assert.ok(body.paths["/command/queue"].post.requestBody);
  const references = [...JSON.stringify(body).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
  assert.ok(references.includes("NewCommand") && references.includes("NewCommandBatch"));
  for (const name of references) assert.ok(name !== undefined && name in body.components.schemas, name);
});
