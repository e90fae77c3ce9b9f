import assert from "node:assert/strict";
import { join } from "node:path";
import { board } from "./board.ts";
import { run, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, gatewayUrl, output, startGateway } from "./site.ts";

const PORTS = ["--port", "0", "--modbus-port", "0", "--http-port", "0"];

interface History {
  readonly commands: readonly { readonly command_id: string; readonly status: string; readonly hand_outs: number }[];
}

Deno.test("an operator's command reaches the inverter at once, and its result the shell", async (t) => {
  await using folder = await temporaryDirectory();
  await using demo = start(["demo", "--data-dir", folder.path, ...PORTS]);
  const url = await gatewayUrl(demo);
  await demo.says(/First sample stored/);
  const local = ["--data-dir", folder.path];
  const steps: readonly [readonly string[], number, RegExp][] = [
    [["command", "set-power", "demo", "40", "--wait"], 0, /Pow = 40 %/],
    [["command", "read", "demo", "8", "--wait"], 0, /Pow = 40 %/],
    [["command", "set-power", "demo", "30", "--revert", "3600", "--wait"], 0, /Pow = 30 %/],
    [["command", "read", "demo", "8", "--wait"], 0, /Pow = 30 %/],
    [["command", "read", "demo", "0", "10", "--wait", "--json"], 0, /"register":"Vac1"/],
    [["command", "write", "demo", "8", "55", "--wait"], 0, /Pow = 55 %/],
    [["command", "set-power", "demo", "101"], 1, /Pow takes 0 to 100 %/],
    [["command", "write", "demo", "0", "5"], 1, /Vac1 cannot be written/],
    [["command", "write", "demo", "77", "5"], 1, /no register that begins at 77/],
    [["command", "read", "demo", "0", "126"], 1, /count/],
    [["command", "set-power", "demo", "1.5"], 1, /power_value/],
    [["command", "set-power", "nobody", "50"], 1, /nobody/],
    [["command", "history", "demo"], 0, /set_power power_value=40 +completed +Pow = 40 %/],
  ];
  for (const [args, code, message] of steps) {
    await t.step(`ecowatt ${args.join(" ")}`, async () => {
      const finished = await run([...args, ...local]);
      assert.match(finished.out + finished.err, message);
      assert.equal(finished.code, code);
    });
  }
  const reading = JSON.parse(await output(["read", "--config", join(folder.path, "ecowatt.yaml"), "--json"]));
  assert.equal(reading.values.Pow.value, 55);

  // What was done stays done: after kill -9 nothing of it is done again.
  await demo.kill("SIGKILL");
  await using again = start(["demo", "--data-dir", folder.path, ...PORTS]);
  await again.says(/First sample stored/);
  assert.notEqual(url, "");
  const commands = JSON.parse(await output(["command", "history", "demo", "--json", ...local]));
  assert.deepEqual(new Set(commands.map(({ status }: { status: string }) => status)), new Set(["completed"]));
  const fresh = JSON.parse(await output(["read", "--config", join(folder.path, "ecowatt.yaml"), "--json"]));
  assert.equal(fresh.values.Pow.value, 100, "the new simulated inverter was told nothing");
});

Deno.test("a command that nobody fetched is cancelled or expires, and is never handed out", async () => {
  await using folder = await temporaryDirectory();
  const gateway = await startGateway(folder.path);
  await using _gateway = gateway.process;
  const local = ["--data-dir", folder.path];
  const rawKey = crypto.getRandomValues(new Uint8Array(32));
  const keyFile = join(folder.path, "board.key");
  await Deno.writeTextFile(keyFile, rawKey.toHex(), { mode: 0o600 });
  await output(["device", "add", "shed", "--legacy", "--key-file", keyFile, ...local]);
  const esp32 = board(gateway.url, rawKey);
  assert.equal((await esp32.upload([2300, 10, 70, 2000, 65, 350])).status, 200);

  const cancelled = JSON.parse(await output(["command", "set-power", "shed", "10", "--json", ...local])).command_id;
  assert.match(await output(["command", "cancel", cancelled, ...local]), /is cancelled/);
  const expired = JSON.parse(
    await output(["command", "set-power", "shed", "20", "--expires", "1", "--json", ...local]),
  );
  await until("the expiry", async () => {
    const text = await output(["command", "status", expired.command_id, "--json", ...local]);
    return JSON.parse(text).status === "expired" ? true : undefined;
  });
  assert.equal(JSON.parse((await esp32.post("/command/get", { timestamp: 1 })).body).command_count, 0);
});

Deno.test("an ESP32 board fetches and reports its commands as it always did, within what it can read", async () => {
  await using folder = await temporaryDirectory();
  const gateway = await startGateway(folder.path);
  await using _gateway = gateway.process;
  const local = ["--data-dir", folder.path];
  const token = await output(["token", "create", "test", ...local]);
  const rawKey = crypto.getRandomValues(new Uint8Array(32));
  const keyFile = join(folder.path, "board.key");
  await Deno.writeTextFile(keyFile, rawKey.toHex(), { mode: 0o600 });
  await output(["device", "add", "shed", "--legacy", "--key-file", keyFile, ...local]);
  const esp32 = board(gateway.url, rawKey);
  const uploaded = await esp32.upload([2300, 10, 70, 2000, 65, 350]);
  assert.deepEqual([uploaded.status, uploaded.headers.has("transfer-encoding")], [200, false]);
  assert.equal(uploaded.headers.get("connection"), "close");

  const refused = await run(["command", "read", "shed", "0", ...local]);
  assert.match(refused.err, /read_register/);
  for (let percent = 1; percent <= 30; percent++) {
    await output(["command", "set-power", "shed", String(percent), ...local]);
  }
  const done: number[] = [];
  while (done.length < 30) {
    const { status, body } = await esp32.post("/command/get", { timestamp: 1 });
    assert.equal(status, 200);
    assert.ok(body.length < 1000, `${body.length} bytes`);
    const answer = JSON.parse(body);
    assert.ok(answer.command_count > 0 && answer.command_count === answer.commands.length);
    for (const { command_id, command_type, parameters } of answer.commands) {
      assert.equal(command_type, "set_power");
      assert.ok(Number.isInteger(parameters.power_value));
      done.push(parameters.power_value);
      const report = {
        command_id,
        status: "completed",
        result: `Successfully set power to ${parameters.power_value} W`,
      };
      assert.equal((await esp32.post("/command/report", { ...report, timestamp: 2 })).status, 200);
      assert.equal((await esp32.post("/command/report", { ...report, timestamp: 3 })).status, 200, "once more");
    }
  }
  assert.deepEqual(done, Array.from({ length: 30 }, (_, index) => index + 1));
  const { commands } = await ask<History>(gateway.url, token, "/command/history?device_id=shed");
  assert.deepEqual(
    new Set(commands.map(({ status, hand_outs }) => `${status} ${hand_outs}`)),
    new Set(["completed 1"]),
  );
});
