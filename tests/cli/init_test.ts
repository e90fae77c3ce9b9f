import assert from "node:assert/strict";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { Command } from "commander";
import { toHex } from "../../crypto/bytes.ts";
import { initCommand } from "../../cli/commands/init.ts";
import { main } from "../../cli/program.ts";
import { openGateway } from "../../cli/service/run/roles.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { start } from "../device/simulator/running.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import "../fakes/loaded_libraries.ts";

/** Answers in their order; each question has to be the one that is expected. */
function person(...script: readonly (readonly [RegExp, string])[]) {
  const left = [...script];
  return {
    ask(question: string, standard: string): string {
      const [expected, answer] = left.shift() ?? [/nothing/, ""];
      assert.match(question, expected);
      return answer === "" ? standard : answer;
    },
    left: () => left.length,
  };
}

async function init(who: ReturnType<typeof person>, ...args: readonly string[]) {
  let [out, err] = ["", ""];
  const terminal = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += `${text}\n`),
  };
  const program = new Command("ecowatt").exitOverride();
  initCommand(program, terminal, who.ask);
  await program.parseAsync(["init", ...args], { from: "user" });
  return { out, err };
}

async function gatewayWithRoof(folder: string) {
  const gateway = await openGateway(GatewayConfig.parse({ port: 0 }), join(folder, "there"), getLogger(["test"]));
  const { key } = await gateway.management.addDevice({
    deviceId: DeviceId.parse("roof"),
    model: "ecowatt-node",
    auth: "signed",
  });
  const keyFile = join(folder, "roof.key");
  await Deno.writeTextFile(keyFile, `${toHex(key.raw)}\n`, { mode: 0o600 });
  return { gateway, keyFile, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() };
}

Deno.test("five questions set a node up: what is wrong is said and asked again, the inverter is found by scanning", async () => {
  await using dir = await temporaryDirectory();
  await using simulator = await start({ port: 0 });
  await using there = await gatewayWithRoof(dir.path);
  const config = join(dir.path, "etc", "ecowatt.yaml");
  const who = person(
    [/^1\/5/, "attic"],
    [/^1\/5/, "node"],
    [/^2\/5/, "pigeon://roof"],
    [/^2\/5/, "tcp://127.0.0.1:1?unit=1&profile=ecowatt&timeout=100ms"],
    [/Keep it anyway/, "no"],
    [/^2\/5/, `scan 127.0.0.1:${simulator.addresses.tcp?.port}`],
    [/Which one/, "1"],
    [/^3\/5/, ""],
    [/^4\/5/, there.gateway.url],
    [/File with the device key/, there.keyFile],
    [/^5\/5/, join(dir.path, "data")],
  );
  const { out, err } = await init(who, "--config", config);
  assert.equal(who.left(), 0);
  assert.match(err, /no way to an inverter/);
  assert.match(err, /in this order: is the inverter on/);
  assert.match(out, /1: tcp:\/\/127\.0\.0\.1:\d+\?unit=17&profile=ecowatt {2}inverter with the ten EcoWatt registers/);
  assert.match(out, /takes what roof signs/);
  assert.match(out, /is written\. Next:\n {2}ecowatt run --config/);
  assert.equal((await Deno.stat(config)).mode! & 0o777, 0o600);
  assert.equal(await main(["check", "--config", config], { out() {}, err() {} }), 0);
});

Deno.test("a key that the gateway does not know is said at once, and can be kept all the same", async () => {
  await using dir = await temporaryDirectory();
  await using simulator = await start({ port: 0 });
  await using there = await gatewayWithRoof(dir.path);
  const config = join(dir.path, "ecowatt.yaml");
  const wrong = join(dir.path, "wrong.key");
  await Deno.writeTextFile(wrong, `${"07".repeat(32)}\n`, { mode: 0o600 });
  const flags = [
    "--role",
    "node",
    "--inverter",
    `tcp://127.0.0.1:${simulator.addresses.tcp?.port}`,
    "--gateway",
    there.gateway.url,
  ];
  const place = ["--key-file", wrong, "--config", config, "--data-dir", join(dir.path, "data"), "--device", "roof"];
  await assert.rejects(
    init(person([/Try again/, "no"], [/Keep it anyway/, "no"]), ...flags, ...place),
    /Nothing was written/,
  );
  await assert.rejects(Deno.stat(config), Deno.errors.NotFound);
  const { err, out } = await init(person([/Try again/, "no"], [/Keep it anyway/, "yes"]), ...flags, ...place);
  assert.match(err, /does not take the signature of roof\n +is roof registered there/);
  assert.match(out, /is written/);
  assert.ok(!(err + out).includes("0707"));
});

Deno.test("a configuration is replaced only with --force, and stays beside", async () => {
  await using dir = await temporaryDirectory();
  const config = join(dir.path, "ecowatt.yaml");
  await Deno.writeTextFile(config, "gateway: { port: 1234 }\n");
  const flags = ["--role", "gateway", "--port", "0", "--data-dir", join(dir.path, "data"), "--config", config];
  await assert.rejects(init(person(), ...flags, "--yes"), /is there already.*--force/);
  await init(person(), ...flags, "--yes", "--force");
  assert.match(await Deno.readTextFile(config), /^gateway:\n {2}host: "127\.0\.0\.1"\n {2}port: 0$/m);
  assert.equal(await Deno.readTextFile(`${config}.bak`), "gateway: { port: 1234 }\n");
});

Deno.test("an inverter that is off at night is kept with --keep, and the result says so", async () => {
  await using dir = await temporaryDirectory();
  const config = join(dir.path, "ecowatt.yaml");
  const inverter = "tcp://127.0.0.1:1?unit=17&profile=ecowatt&timeout=100ms";
  const flags = [
    "--yes",
    "--json",
    "--inverter",
    inverter,
    "--config",
    config,
    "--data-dir",
    join(dir.path, "data"),
    "--port",
    "0",
  ];
  await assert.rejects(init(person(), ...flags), /--keep keeps the answer/);
  const { out } = await init(person(), ...flags, "--keep");
  assert.deepEqual(JSON.parse(out).untried, [`the inverter at ${inverter}`]);
});

Deno.test("two inverters on two lines come into one configuration, each with its name", async () => {
  await using dir = await temporaryDirectory();
  await using one = await start({ port: 0 });
  await using other = await start({ serial: "pty", profile: "sunspec" });
  const config = join(dir.path, "ecowatt.yaml");
  const inverters = [
    `tcp://127.0.0.1:${one.addresses.tcp?.port}`,
    `rtu://${other.addresses.serial}?unit=1&profile=sunspec`,
  ];
  const flags = inverters.flatMap((address) => ["--inverter", address]);
  await init(person(), "--yes", ...flags, "--config", config, "--data-dir", join(dir.path, "data"), "--port", "0");
  const text = await Deno.readTextFile(config);
  assert.match(text, /name: inverter, profile: ecowatt, unit: 17/);
  assert.match(
    text,
    /serial: \{ path: \/dev\/pts\/\d+, baud: 9600 \}\n +inverters:\n +- \{ name: inverter2, profile: sunspec, unit: 1 \}/,
  );
});
