import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { toHex } from "../../crypto/bytes.ts";
import { NodeConfig } from "../../device/config.ts";
import { startNode } from "../../device/node.ts";
import { SimulatorOptions } from "../../device/simulator/options.ts";
import { startSimulator } from "../../device/simulator/simulator.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import type { Role } from "../../gateway/store/tokens.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { board } from "../e2e/board.ts";

/** The devices of the fleet. */
export const FLEET = { nodes: ["barn", "roof"], board: "greenhouse" } as const;

/** A gateway with two nodes, each with a simulated inverter, and a legacy board. */
export interface Fleet extends AsyncDisposable {
  readonly url: string;
  readonly gateway: Gateway;
  readonly dataDir: string;
  /** An address that logs in, at a page: `link("admin", "/system")`. */
  link(role: Role): Promise<string>;
}

/** A sample of the six registers that boards send at first, 2 kW. */
const BOARD_SAMPLE = [2300, 10, 70, 2000, 65, 350];

const log = getLogger(["test"]);
const machine = { clock: systemClock, random: systemRandom, log };

/** Starts the fleet; resolves when every device has uploaded. */
export async function startFleet(): Promise<Fleet> {
  await using opening = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "ecowatt-test-" });
  opening.defer(() => Deno.remove(folder, { recursive: true }));
  const dataDir = join(folder, "gateway");
  const gateway = opening.use(
    await startGateway(GatewayConfig.parse({ port: 0 }), { ...machine, dataDir, version: "1.2.3" }),
  );
  for (const name of FLEET.nodes) opening.use(await addNode(gateway, name, folder));
  await addBoard(gateway);
  await heard(gateway);
  const running = opening.move();
  return {
    url: gateway.url,
    gateway,
    dataDir,
    link: (role) => gateway.loginLink(role),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function addNode({ management, url }: Gateway, name: string, folder: string): Promise<AsyncDisposable> {
  await using opening = new AsyncDisposableStack();
  const deviceId = DeviceId.parse(name);
  const { key } = await management.addDevice({ deviceId, model: "ecowatt-node", auth: "signed" });
  const options = SimulatorOptions.parse({ port: 0, httpPort: null, start: "2026-03-10T10:40:00Z" });
  const { addresses } = opening.use(await startSimulator(options, { clock: systemClock, log }));
  const inverters = [{ name: "inverter", unit: 17, profile: "ecowatt" }];
  const config = NodeConfig.parse({
    device_id: name,
    gateway: url,
    key: toHex(key.raw),
    poll_interval: "0.5s",
    upload_interval: "1s",
    buses: [{ name: "simulator", tcp: { host: addresses.tcp?.host, port: addresses.tcp?.port }, inverters }],
  });
  opening.use(await startNode(config, { ...machine, dataDir: join(folder, name), fetch }));
  return opening.move();
}

async function addBoard({ management, url }: Gateway): Promise<void> {
  const deviceId = DeviceId.parse(FLEET.board);
  const wireId = DeviceId.parse("ESP32_EcoWatt_Smart");
  const { key } = await management.addDevice({ deviceId, model: "ecowatt-esp32", auth: "legacy", wireId });
  const { status, body } = await board(url, key.raw).upload(BOARD_SAMPLE);
  if (status !== 200) throw new Error(`the board's upload was answered ${status}: ${body}`);
}

async function heard({ management, url }: Gateway): Promise<void> {
  const { secret } = await management.createToken({ name: "test", role: "viewer" });
  for (;;) {
    const response = await fetch(`${url}/api/v1/power`, { headers: { authorization: `Bearer ${secret}` } });
    const { devices } = await response.json();
    if (devices.filter((device: { power_w: unknown }) => typeof device.power_w === "number").length === 3) return;
    await systemClock.sleep(50);
  }
}
