import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { startNode } from "../../../device/node.ts";
import { SimulatorOptions } from "../../../device/simulator/options.ts";
import { startSimulator } from "../../../device/simulator/simulator.ts";
import { systemRandom as random } from "../../../platform/random.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { localFetch as fetch } from "../../fakes/http.ts";
import "../../fakes/sockets.ts";
import { startSite } from "./site.ts";
import { writableInverter } from "./writable_inverter.ts";

const log = getLogger(["test"]);
const power = (power_value: number) => ({ command_type: "set_power", parameters: { power_value } });

Deno.test("a limit goes from the operator to the inverter and back, over the real gateway, node and simulator", async () => {
  const clock = new FakeClock();
  await using site = await startSite(clock);
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
  const clock = new FakeClock();
  await using site = await startSite(clock);
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

Deno.test("a node with a request waiting at the gateway stops at once", async () => {
  const clock = new FakeClock();
  await using site = await startSite(clock);
  await using inverter = writableInverter();
  const dataDir = `${site.folder}/node`;
  const node = await startNode(site.nodeConfig(inverter.port), { dataDir, clock, random, fetch, log });
  assert.equal((await site.ended(await site.queue(power(50)))).status, "completed");
  await node[Symbol.asyncDispose](); // no time passes
});
