import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { NodeConfig } from "../../../device/config/node_config.ts";
import { startNode } from "../../../device/node.ts";
import { SimulatorOptions } from "../../../device/simulator/options.ts";
import { startSimulator } from "../../../device/simulator/simulator.ts";
import { systemClock as clock } from "../../../platform/clock.ts";
import { systemRandom as random } from "../../../platform/random.ts";
import { startSite } from "./site.ts";
import { writableInverter } from "./writable_inverter.ts";

const log = getLogger(["test"]);
const child = new URL("./killed_node.ts", import.meta.url).pathname;

const power = (power_value: number) => ({ command_type: "set_power", parameters: { power_value } });

function spawnNode(folder: string, config: NodeConfig): Deno.ChildProcess {
  const text = JSON.stringify({
    device_id: config.device_id,
    gateway: config.gateway,
    key: config.key,
    poll_interval: "500ms",
    upload_interval: "1s",
    buses: config.buses.map(({ name, tcp }) => ({
      name,
      tcp: { host: tcp?.host, port: tcp?.port },
      timing: { timeout: "500ms" },
      inverters: [{ name: "roof" }],
    })),
  });
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", child, `${folder}/node`, text],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
}

Deno.test("a limit goes from the operator to the inverter and back, over the real gateway, node and simulator", async () => {
  await using site = await startSite();
  const options = SimulatorOptions.parse({ port: 0, httpPort: null });
  await using simulator = await startSimulator(options, { clock, log });
  const config = site.nodeConfig(simulator.addresses.tcp?.port ?? 0);
  await using node = await startNode(config, { dataDir: `${site.folder}/node`, clock, random, fetch, log });

  const set = await site.ended(await site.queue(power(50)));
  assert.equal(set.status, "completed", set.error_message);
  assert.deepEqual(set.result, {
    message: "Pow = 50 %",
    registers: [{ address: 8, words: [50], register: "Pow", value: 50, unit: "%" }],
  });
  assert.equal(simulator.values().limitPercent, 50);

  const read = { command_type: "read_register", parameters: { register_address: 8 } };
  assert.equal((await site.ended(await site.queue(read))).result.message, "Pow = 50 %");

  await site.restart();
  assert.equal((await site.ended(await site.queue(power(70)))).status, "completed", "after a restart of the gateway");
  assert.equal(simulator.values().limitPercent, 70);
  assert.deepEqual([node.status().commands.completed, node.status().commands.failed], [3, 0]);
});

Deno.test("a SunSpec inverter is limited in watts, and lifts the limit by itself", async () => {
  await using site = await startSite();
  const options = SimulatorOptions.parse({ port: 0, httpPort: null, profile: "sunspec" });
  await using simulator = await startSimulator(options, { clock, log });
  const config = site.sunSpecConfig(simulator.addresses.tcp?.port ?? 0);
  await using node = await startNode(config, { dataDir: `${site.folder}/node`, clock, random, fetch, log });
  const profile = await site.until(() => node.status().inverters[0]?.profile);
  const limit = { command_type: "set_power", parameters: { power_value: 2_000, unit: "W", revert_s: 600 } };
  const set = await site.ended(await site.queue({ ...limit, profile }));
  assert.equal(set.status, "completed", set.error_message);
  assert.equal(set.result.message, "123.WMaxLimPct = 40 %, 123.WMaxLimPct_RvrtTms = 600 s, 123.WMaxLim_Ena = 1");
  assert.equal(simulator.values().limitPercent, 40);
});

Deno.test("a node with a request waiting at the gateway stops within a second", async () => {
  await using site = await startSite();
  await using inverter = writableInverter();
  const dataDir = `${site.folder}/node`;
  const node = await startNode(site.nodeConfig(inverter.port), { dataDir, clock, random, fetch, log });
  assert.equal((await site.ended(await site.queue(power(50)))).status, "completed");
  const stopping = performance.now();
  await node[Symbol.asyncDispose]();
  assert.ok(performance.now() - stopping < 1000);
});

/** What the operator is told when the node is killed while its first write is at the inverter, and how often it wrote. */
async function killedAt(moment: "before" | "after") {
  await using site = await startSite();
  await using inverter = writableInverter();
  const config = site.nodeConfig(inverter.port);
  const first = spawnNode(site.folder, config);
  const died = Promise.withResolvers<void>();
  inverter.onWrite[moment] = async () => {
    inverter.onWrite = {};
    first.kill("SIGKILL");
    await first.status;
    died.resolve();
    if (moment === "before") throw new Deno.errors.ConnectionReset("the request is lost with its sender");
  };
  const id = await site.queue(power(40));
  await died.promise;
  const second = spawnNode(site.folder, config);
  try {
    const command = await site.ended(id);
    return { command, written: [...inverter.written], limit: inverter.limit() };
  } finally {
    second.kill("SIGKILL");
    await second.status;
  }
}

Deno.test("a node killed after the write took effect does not write again, and reports it completed", async () => {
  const { command, written } = await killedAt("after");
  assert.deepEqual([command.status, command.result.message, written], ["completed", "Pow = 40", [40]]);
});

Deno.test("a node killed before the write took effect does not write later, and reports what the register holds", async () => {
  const { command, written, limit } = await killedAt("before");
  assert.equal(command.status, "failed");
  assert.match(command.error_message, /interrupted by a restart of the node; Pow holds 100, not 40/);
  assert.deepEqual([written, limit], [[], 100]);
});
