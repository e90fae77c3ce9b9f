import { getLogger } from "@logtape/logtape";
import { toHex } from "../crypto/bytes.ts";
import { NodeConfig } from "../device/config/node_config.ts";
import { startNode } from "../device/node.ts";
import { SimulatorOptions } from "../device/simulator/options.ts";
import { startSimulator } from "../device/simulator/simulator.ts";
import { GatewayConfig } from "../gateway/config.ts";
import { startGateway } from "../gateway/gateway.ts";
import { systemClock as clock } from "../platform/clock.ts";
import { systemRandom as random } from "../platform/random.ts";
import { DeviceId } from "../protocol/device_id.ts";
import type { Row } from "./row.ts";

const COMMANDS = 300;
/** Commands that are not counted: connections, first compilations. */
const WARM_UP = 10;
/** Pause between two looks at the status. */
const LOOK_MS = 2;
/** What an operator is promised (DESIGN §6). */
const TARGET_MS = 1000;

/** From `POST /command/queue` until `GET /command/status` shows what was read back from the inverter; node online. */
export async function benchCommands(): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "ecowatt-bench-" });
  try {
    const trips = (await roundTrips(folder)).toSorted((a, b) => a - b);
    const at = (share: number) => trips[Math.min(trips.length - 1, Math.floor(share * trips.length))] ?? NaN;
    return [
      row("command: queued, executed, read back, visible (p50)", at(0.5)),
      row("command: queued, executed, read back, visible (p99)", at(0.99)),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function row(name: string, value: number): Row {
  return { name, value, unit: "ms", yardstick: TARGET_MS, ratio: value / TARGET_MS };
}

async function roundTrips(folder: string): Promise<readonly number[]> {
  const log = getLogger(["bench"]);
  await using simulator = await startSimulator(SimulatorOptions.parse({ port: 0, httpPort: null }), { clock, log });
  const io = { dataDir: `${folder}/gateway`, clock, random, log, version: "0" };
  await using gateway = await startGateway(GatewayConfig.parse({ port: 0, writes_per_day: 10_000 }), io);
  const deviceId = DeviceId.parse("bench-node");
  const { key } = await gateway.management.addDevice({ deviceId, model: "node", auth: "signed" });
  const { secret } = await gateway.management.createToken({ name: "bench", role: "operator" });
  const config = nodeConfig(deviceId, gateway.url, toHex(key.raw), simulator.addresses.tcp?.port ?? 0);
  await using _node = await startNode(config, { dataDir: `${folder}/node`, clock, random, fetch, log });
  const operator = operatorOf(gateway.url, secret, deviceId);
  const trips: number[] = [];
  for (let i = 0; i < WARM_UP + COMMANDS; i++) {
    const started = performance.now();
    await operator.setPower(i % 101);
    if (i >= WARM_UP) trips.push(performance.now() - started);
  }
  return trips;
}

function nodeConfig(deviceId: string, gateway: string, key: string, port: number): NodeConfig {
  return NodeConfig.parse({
    device_id: deviceId,
    gateway,
    key,
    buses: [{ name: "line", tcp: { host: "127.0.0.1", port }, inverters: [{ name: "inverter" }] }],
  });
}

function operatorOf(url: string, secret: string, deviceId: string) {
  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
  const ask = async (path: string, body?: string) => {
    const sent = body === undefined ? {} : { method: "POST", body };
    const response = await fetch(url + path, { headers, ...sent });
    const told = await response.json();
    if (!response.ok) throw new Error(`Cannot ${path}: ${JSON.stringify(told)}`);
    return told;
  };
  return {
    /** Resolves when the result is visible. */
    async setPower(percent: number): Promise<void> {
      const command = { device_id: deviceId, command_type: "set_power", parameters: { power_value: percent } };
      const { command_id } = await ask("/command/queue", JSON.stringify({ ...command, profile: "ecowatt" }));
      for (;;) {
        const seen = (await ask(`/command/status?command_id=${command_id}`)).command;
        if (seen.status === "completed") return;
        if (!["pending", "executing"].includes(seen.status)) throw new Error(`${seen.status}: ${seen.error_message}`);
        await clock.sleep(LOOK_MS);
      }
    },
  };
}
