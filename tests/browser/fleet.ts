import { join } from "node:path";
import { toHex } from "../../crypto/bytes.ts";
import { board } from "../e2e/board.ts";
import { type GatewayProcess, startGatewayProcess } from "../e2e/gateway.ts";
import { start, until } from "../e2e/process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

/** The devices of the fleet. */
export const FLEET = { nodes: ["barn", "roof"], board: "greenhouse" } as const;

/** A gateway with two nodes, each with a simulated inverter, and a legacy board. The product runs, in processes. */
export interface Fleet extends AsyncDisposable {
  readonly url: string;
  readonly gateway: GatewayProcess;
  /** An address that logs in. */
  readonly link: GatewayProcess["link"];
}

/** A sample of the six registers that boards send at first, 2 kW. */
const BOARD_SAMPLE = [2300, 10, 70, 2000, 65, 350];

/** Starts the fleet; resolves when every device has uploaded. */
export async function startFleet(): Promise<Fleet> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryDirectory());
  const gateway = opening.use(await startGatewayProcess());
  const simulators = opening.use(await startSimulators(folder.path));
  for (const [index, name] of FLEET.nodes.entries()) {
    opening.use(await startNode(gateway, name, join(folder.path, name), simulators.ports[index] ?? 0));
  }
  await addBoard(gateway);
  await heard(gateway);
  const running = opening.move();
  return { url: gateway.url, gateway, link: gateway.link, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** One inverter for each node. */
async function startSimulators(folder: string) {
  const options = { port: 0, httpPort: null, start: "2026-03-10T10:40:00Z" };
  const config = join(folder, "simulators.yaml");
  await Deno.writeTextFile(config, JSON.stringify({ simulators: FLEET.nodes.map(() => options) }));
  const simulators = start(["simulate", "--config", config]);
  const said = await simulators.says(new RegExp(FLEET.nodes.map(() => "tcp://127\\.0\\.0\\.1:(\\d+)").join("[^]*")));
  return { ports: said.slice(1).map(Number), [Symbol.asyncDispose]: () => simulators[Symbol.asyncDispose]() };
}

async function startNode(gateway: GatewayProcess, name: string, dataDir: string, port: number) {
  const { rawKey } = await gateway.addDevice(name);
  const config = `${dataDir}.yaml`;
  const inverters = [{ name: "inverter", unit: 17, profile: "ecowatt" }];
  const node = {
    device_id: name,
    gateway: gateway.url,
    key: toHex(rawKey),
    poll_interval: "0.5s",
    upload_interval: "1s",
    buses: [{ name: "simulator", tcp: { host: "127.0.0.1", port }, inverters }],
  };
  await Deno.writeTextFile(config, JSON.stringify({ node }), { mode: 0o600 });
  return start(["node", "--config", config, "--data-dir", dataDir]);
}

async function addBoard(gateway: GatewayProcess): Promise<void> {
  const details = { model: "ecowatt-esp32", auth: "legacy", wire_id: "ESP32_EcoWatt_Smart" };
  const { rawKey } = await gateway.addDevice(FLEET.board, details);
  const { status, body } = await board(gateway.url, rawKey).upload(BOARD_SAMPLE);
  if (status !== 200) throw new Error(`the board's upload was answered ${status}: ${body}`);
}

async function heard(gateway: GatewayProcess): Promise<void> {
  await until("power of every device", async () => {
    const { devices } = await gateway.ask<{ devices: { power_w: unknown }[] }>("GET", "/api/v1/power");
    return devices.filter(({ power_w: watts }) => typeof watts === "number").length === 3 || undefined;
  });
}
