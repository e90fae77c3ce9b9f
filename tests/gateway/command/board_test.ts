import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { type Running, startRunning, WIRE_ID } from "./running.ts";

const setPower = (power_value: number, more: Record<string, unknown> = {}) => ({
  device_id: "board",
  command_type: "set_power",
  parameters: { power_value },
  ...more,
});

interface BoardCommand {
  readonly command_id: string;
  readonly command_type: string;
  readonly parameters: Record<string, number>;
}

/** What the board's firmware makes of an answer (contract/2-boards §7): register 8 after each command. */
function execute(commands: readonly BoardCommand[]): number[] {
  return commands.map(({ command_type, parameters }) => {
    assert.equal(typeof command_type, "string", "the board would crash");
    return (command_type === "set_power" ? parameters["power_value"] : parameters["value"]) ?? 0;
  });
}

async function get(gateway: Running): Promise<readonly BoardCommand[]> {
  const answer = await gateway.board("/command/get", {});
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("connection"), "close");
  assert.equal(Number(answer.headers.get("content-length")), answer.bytes);
  assert.ok(answer.bytes < 1_000);
  assert.equal(answer.json.command_count, answer.json.commands.length);
  return answer.json.commands;
}

const report = (gateway: Running, { command_id }: BoardCommand, status = "completed") =>
  gateway.board("/command/report", { command_id, status, result: "Successfully set power to 50 W" });

async function board(): Promise<Running> {
  const gateway = await startRunning();
  await gateway.addBoard("board");
  assert.equal((await gateway.boardUpload(1)).status, 200);
  return gateway;
}

Deno.test("a board gets its command in its upload cycle, in the few keys it reads, and reports it", async () => {
  await using gateway = await board();
  assert.deepEqual(await get(gateway), []);
  const id = await gateway.queue(setPower(50, { priority: 7, expires_at: "2026-06-21T13:00:00Z" }));
  const commands = await get(gateway);
  assert.deepEqual(commands, [{ command_id: id, command_type: "set_power", parameters: { power_value: 50 } }]);
  assert.deepEqual(execute(commands), [50]);
  const answer = await report(gateway, commands[0]!);
  assert.deepEqual([answer.status, answer.json.status], [200, "success"]);
  assert.deepEqual((await report(gateway, commands[0]!)).json, answer.json);
  const { status, result } = await gateway.status(id);
  assert.deepEqual([status, result], ["completed", "Successfully set power to 50 W"]);
});

Deno.test("a board that never uploaded gets no command, firmware or settings, and nobody reports in its name", async () => {
  await using gateway = await startRunning();
  await gateway.addBoard("board");
  const id = await gateway.queue(setPower(50));
  const asked = [
    ["/command/get", {}],
    ["/command/report", { command_id: id, status: "completed", result: "done" }],
    ["/ota/check", { current_version: "1.0.3" }],
    ["/ota/chunk", { version: "1.0.4", chunk_number: 0 }],
    ["/changes", {}],
    ["/config/report", { updates: [] }],
  ] as const;
  for (const [path, body] of asked) {
    const { status, json } = await gateway.board(path, body);
    assert.deepEqual([status, json.commands, json.status], [401, undefined, 401], path);
  }
  assert.equal((await gateway.status(id)).status, "pending");
  assert.equal((await gateway.boardUpload(0)).status, 200);
  assert.deepEqual((await get(gateway)).map((command) => command.command_id), [id]);
});

Deno.test("operators may use the name that a board gives itself, as long as one board does", async () => {
  await using gateway = await board();
  const queued = await gateway.ask("POST", "/command/queue", { ...setPower(50), device_id: WIRE_ID });
  assert.deepEqual([queued.status, queued.body.device_id], [200, "board"]);
  const asked = async (method: string, path: string, body?: unknown) => {
    const answer = await gateway.ask(method, path, body, "admin");
    assert.equal(answer.status, 200, `${path} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  assert.equal((await asked("GET", `/command/history?device_id=${WIRE_ID}`)).command_count, 1);
  assert.equal((await asked("GET", `/api/v1/devices/${WIRE_ID}`)).device_id, "board");
  assert.equal((await asked("GET", `/security/log?device_id=${WIRE_ID}`)).log[0].device_id, "board");
  await asked("PATCH", `/api/v1/devices/${WIRE_ID}/settings`, { poll_interval_s: 7 });
  assert.equal((await asked("GET", "/api/v1/devices/board/settings")).desired.poll_interval_s, 7);
  await asked("POST", "/security/reset", { device_id: WIRE_ID });
  await gateway.addBoard("garage", utf8("another key of a board, 32 bytes").slice(0, 32));
  const ambiguous = await gateway.ask("POST", "/command/queue", { ...setPower(50), device_id: WIRE_ID });
  assert.equal(ambiguous.status, 409);
  assert.match(ambiguous.body.detail, /2 boards .*: name one of board, garage/);
  assert.equal((await gateway.ask("POST", "/command/queue", { ...setPower(50), device_id: "nobody" })).status, 404);
});

Deno.test("as many commands as fit into 999 bytes go out, the others next time, whatever their kind", async () => {
  await using gateway = await board();
  const sent = new Map<string, number>();
  for (let i = 0; i < 30; i++) {
    const written = { command_type: "write_register", parameters: { register_address: 8, value: i } };
    const command = i % 2 ? setPower(i) : { device_id: "board", ...written };
    sent.set(await gateway.queue(command), i);
  }
  const done: number[] = [];
  for (let round = 0; round < 10 && done.length < 30; round++) {
    const commands = await get(gateway);
    assert.ok(commands.length >= Math.min(5, 30 - done.length), `${commands.length}`);
    for (const command of commands) {
      assert.deepEqual(Object.keys(command), ["command_id", "command_type", "parameters"]);
      for (const value of Object.values(command.parameters)) assert.ok(Number.isInteger(value) && value >= 0);
      done.push(sent.get(command.command_id) ?? -1);
      await report(gateway, command);
    }
  }
  assert.deepEqual(done, [...sent.values()]);
});

Deno.test("nothing but its size bounds what a board gets at a time", async () => {
  await using gateway = await board();
  for (let i = 0; i < 12; i++) await gateway.queue(setPower(i));
  const { bytes, json } = await gateway.board("/command/get", {});
  const another = utf8(JSON.stringify(json.commands[0])).length + 1;
  assert.ok(bytes < 1_000 && bytes + another >= 999, `${bytes} bytes, and ${another} for one more`);
});

Deno.test("what a board cannot do is refused when it is queued", async () => {
  await using gateway = await board();
  const table: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ command_type: "read_register", parameters: { register_address: 8 } }, "command_type"],
    [{ command_type: "set_power", parameters: { power_value: 101 } }, "parameters.power_value"],
    [{ command_type: "set_power", parameters: { power_value: -1 } }, "parameters.power_value"],
    [{ command_type: "set_power", parameters: { power_value: 5, unit: "W" } }, "parameters.unit"],
    [{ command_type: "set_power", parameters: { power_value: 5, revert_s: 5 } }, "parameters.revert_s"],
    [{ command_type: "write_register", parameters: { register_address: 9, value: 1 } }, "parameters.register_address"],
    [{ command_type: "write_register", parameters: { register_address: 8, value: 65_586 } }, "parameters.value"],
    [{ command_type: "set_power", parameters: { power_value: 5 }, inverter: "roof-1" }, "inverter"],
    [{ command_type: "set_power", parameters: { power_value: 5 }, profile: "sunspec:1@40002/66" }, "profile"],
  ];
  for (const [command, path] of table) {
    const { status, body } = await gateway.ask("POST", "/command/queue", { device_id: "board", ...command });
    assert.deepEqual([status, body.errors?.[0]?.path], [422, path], JSON.stringify(body));
  }
  assert.deepEqual(await get(gateway), []);
});

Deno.test("an answer that got lost comes again, in its old order, before anything newer", async () => {
  await using gateway = await board();
  for (const value of [10, 20]) await gateway.queue(setPower(value));
  const lost = await get(gateway);
  await gateway.queue(setPower(30, { priority: 9 }));
  assert.deepEqual(await get(gateway), [], "the board may be at work on them");
  await gateway.clock.advance(15_000);
  assert.deepEqual(execute(await get(gateway)), [10, 20, 30]);
  assert.equal((await gateway.status(lost[0]!.command_id)).hand_outs, 2);
});

Deno.test("a clock that is set back does not keep commands from a board", async () => {
  await using gateway = await board();
  await gateway.queue(setPower(10));
  assert.equal((await get(gateway)).length, 1);
  gateway.clock.jump(gateway.clock.now() - 3_600_000);
  await gateway.queue(setPower(20));
  assert.deepEqual(execute(await get(gateway)), [10, 20]);
});

Deno.test("a report that got lost does not bring back an old value over a newer one", async () => {
  await using gateway = await board();
  const old = await gateway.queue(setPower(10));
  await gateway.queue(setPower(90));
  const [, newer] = await get(gateway); // executed 10, then 90; the report on 10 got lost
  await report(gateway, newer!);
  await gateway.clock.advance(15_000);
  assert.deepEqual(await get(gateway), []);
  const { status, reported, error_message } = await gateway.status(old);
  assert.deepEqual([status, reported], ["failed", false]);
  assert.match(error_message, /a later command has written the register since/);
});

Deno.test("a board whose reports never arrive writes five times at most", async () => {
  await using gateway = await board();
  const id = await gateway.queue(setPower(10));
  let times = 0;
  for (let round = 0; round < 10; round++, await gateway.clock.advance(15_000)) times += (await get(gateway)).length;
  assert.equal(times, 5);
  const { status, hand_outs } = await gateway.status(id);
  assert.deepEqual([status, hand_outs], ["failed", 5]);
});

Deno.test("a command that expired while it waited for a board is expired", async () => {
  await using gateway = await board();
  const id = await gateway.queue(setPower(10, { expires_at: "2026-06-21T12:00:10Z" }));
  await gateway.clock.advance(10_000);
  assert.deepEqual(await get(gateway), []);
  assert.equal((await gateway.status(id)).status, "expired");
});

Deno.test("boards that share name and address get nothing, a node's name is no way around its signature", async () => {
  await using gateway = await board();
  await gateway.addNode("roof");
  await gateway.queue(setPower(10));
  assert.equal((await gateway.board("/command/get", {}, "roof")).status, 401);
  assert.equal((await gateway.board("/command/get", {}, "nobody")).status, 401);
  const other = utf8("another test key of a board 32 bytes").slice(0, 32);
  await gateway.addBoard("other", other);
  assert.equal((await gateway.boardUpload(1, other)).status, 200);
  assert.equal((await gateway.board("/command/get", {})).status, 401, "which of the two is it?");
});

Deno.test("bodies that no board sends are refused, and none is a 500", async () => {
  await using gateway = await board();
  const bodies = [
    "",
    "null",
    "[]",
    '"x"',
    "{",
    "[".repeat(40_000),
    `{"device_id":"${WIRE_ID}","wait_s":"30"}`,
    `{"device_id":"${WIRE_ID}","holding":[1]}`,
    `{"device_id":"${WIRE_ID}","holding":"x"}`,
    `{"device_id":"${"x".repeat(5_000)}"}`,
    `{"device_id":7}`,
  ];
  for (const path of ["/command/get", "/command/report"]) {
    for (const body of bodies) {
      const { status, headers } = await gateway.board(path, body);
      assert.ok(status === 400 || status === 401, `${path} ${body.slice(0, 60)}: ${status}`);
      assert.equal(headers.get("content-type"), "application/problem+json");
    }
  }
  for (
    const more of [{}, { command_id: 7 }, { command_id: null }, { command_id: "a", status: "done" }, {
      command_id: "a",
    }]
  ) {
    assert.equal((await gateway.board("/command/report", more)).status, 400, JSON.stringify(more));
  }
  assert.equal((await gateway.board("/command/report", { command_id: "nobody", status: "failed" })).status, 404);
});
