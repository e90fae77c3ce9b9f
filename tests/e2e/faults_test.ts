import assert from "node:assert/strict";
import { join } from "node:path";
import { run, start } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { gatewayUrl, output, startGateway } from "./site.ts";

const NODE = `node:
  device_id: roof
  gateway: http://127.0.0.1:1
  key: "${"ab".repeat(32)}"
  buses:
    - tcp: { host: 127.0.0.1, port: 1 }
      inverters: [{ unit: 17 }]
`;

Deno.test("wrong words on the command line are one clear line and exit code 2", async (t) => {
  await using folder = await temporaryDirectory();
  const wrongUnit = join(folder.path, "ecowatt.yaml");
  await Deno.writeTextFile(wrongUnit, NODE.replace("17", "1700"));
  const table: readonly [readonly string[], RegExp][] = [
    [[], /Usage: ecowatt/],
    [["fly"], /unknown command 'fly'/],
    [["gateway", "--prot", "1"], /unknown option '--prot'/],
    [["gateway", "--port", "eight"], /"eight" is not a number/],
    [["gateway", "--port", "70000"], /--port: .*65535/],
    [["simulate", "--fault", "rain"], /"rain" is not a fault/],
    [["run", "--config", "/nowhere/ecowatt.yaml"], /Cannot read \/nowhere\/ecowatt.yaml: there is no such file/],
    [["check", "--config", wrongUnit], /ecowatt.yaml:7:27: .*unit/],
    [["read", "10.0.0.1"], /./],
    [["device", "list", "--url", "http://127.0.0.1:1"], /needs a token/],
    [["device", "add", "a b", "--data-dir", folder.path], /device_id/],
  ];
  for (const [args, message] of table) {
    await t.step(`ecowatt ${args.join(" ")}`, async () => {
      const { code, err, out } = await run(args);
      assert.match(err + out, message);
      assert.ok(!err.includes("    at "), err);
      assert.equal(code, args[0] === "device" && args[1] === "add" ? 1 : 2);
    });
  }
});

Deno.test("a busy port, a data directory in use, a missing serial port and an unreachable gateway end in one line", async (t) => {
  await using folder = await temporaryDirectory();
  const gateway = await startGateway(folder.path);
  await using _process = gateway.process;
  const port = new URL(gateway.url).port;
  const table: readonly [readonly string[], number, RegExp][] = [
    [
      ["gateway", "--port", port, "--data-dir", join(folder.path, "other")],
      1,
      new RegExp(`^ecowatt: .*127.0.0.1:${port}`),
    ],
    [["gateway", "--port", "0", "--data-dir", folder.path], 1, /^ecowatt: Cannot start the gateway: another one uses/],
    [["simulate", "--port", port, "--no-http"], 1, new RegExp(`^ecowatt: .*${port}`)],
    [["read", "rtu:///dev/nothing-here"], 3, /^ecowatt: .*\/dev\/nothing-here/],
    [["read", "tcp://127.0.0.1:1"], 3, /^ecowatt: Cannot read inverter: .*refused/],
    [
      ["device", "list", "--url", "http://127.0.0.1:1", "--token", "test-token"],
      3,
      /^ecowatt: Cannot reach the gateway/,
    ],
    [["device", "list", "--url", gateway.url, "--token", "test-token"], 1, /^ecowatt: This needs a valid bearer token/],
  ];
  for (const [args, expected, message] of table) {
    await t.step(`ecowatt ${args.join(" ")}`, async () => {
      const { code, err } = await run(args);
      const lines = err.trim().split("\n").filter((line) => line.startsWith("ecowatt:"));
      assert.equal(lines.length, 1, err);
      assert.match(lines[0] ?? "", message);
      assert.ok(!err.includes("    at "), err);
      assert.equal(code, expected);
    });
  }
});

Deno.test("a node with a wrong key polls on, keeps what it polled and says once why nothing gets through", async () => {
  await using folder = await temporaryDirectory();
  const gateway = await startGateway(folder.path);
  await using _gateway = gateway.process;
  await output(["device", "add", "roof", "--data-dir", folder.path]);
  await using simulator = start(["simulate", "--port", "0", "--no-http"]);
  const [, inverter] = await simulator.says(/tcp:\/\/127.0.0.1:(\d+)/);
  const config = join(folder.path, "node.yaml");
  const text = NODE.replace("http://127.0.0.1:1", gateway.url).replace("port: 1 }", `port: ${inverter} }`);
  await Deno.writeTextFile(config, `${text}  poll_interval: 0.2s\n  upload_interval: 1s\n`);
  await using node = start(["node", "--config", config, "--data-dir", join(folder.path, "node")]);
  await node.says(/401/);
  assert.equal(await node.kill("SIGTERM"), 0);
});

Deno.test("Ctrl-C stops a gateway within a second, and its port is free again", async () => {
  await using folder = await temporaryDirectory();
  const first = await startGateway(folder.path);
  assert.equal(await first.process.kill("SIGINT"), 0);
  await using second = start(["gateway", "--data-dir", folder.path, "--port", new URL(first.url).port]);
  assert.equal(await gatewayUrl(second), first.url);
});
