import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { toHex } from "../../../crypto/bytes.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { systemClock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";

/** A command as an operator sees it. */
export type Seen = ReturnType<typeof JSON.parse>;

/** A real gateway with one device and an operator. */
export interface Site extends AsyncDisposable {
  readonly folder: string;
  readonly gateway: () => Gateway;
  /** The configuration of a node with one inverter behind this port: ten registers, or SunSpec. */
  nodeConfig(port: number): NodeConfig;
  sunSpecConfig(port: number): NodeConfig;
  /** Queues a command for the inverter and gives its id. */
  queue(command: Record<string, unknown>): Promise<string>;
  status(commandId: string): Promise<Seen>;
  /** Waits until the command has ended; less long than the node waits for one. */
  ended(commandId: string): Promise<Seen>;
  /** Waits until there is something. */
  until<T>(look: () => T | undefined): Promise<T>;
  /** Stops the gateway and starts it again on the same address. */
  restart(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const folder = Deno.makeTempDirSync({ prefix: "ecowatt-command-" });
  const io = { dataDir: `${folder}/gateway`, clock: systemClock, random: systemRandom, log: getLogger(["test"]) };
  const start = (port: number) => startGateway(GatewayConfig.parse({ port }), { ...io, version: "0" });
  let gateway = await start(0);
  const deviceId = DeviceId.parse("test-node");
  const { key } = await gateway.management.addDevice({ deviceId, model: "node", auth: "signed" });
  const { secret } = await gateway.management.createToken({ name: "test", role: "operator" });

  const ask = async (path: string, body?: unknown): Promise<Seen> => {
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(gateway.url + path, { headers, ...sent });
    const told = await response.json();
    assert.ok(response.ok, JSON.stringify(told));
    return told;
  };
  const configOf = (port: number, profile: string) =>
    NodeConfig.parse({
      device_id: deviceId,
      gateway: gateway.url,
      key: toHex(key.raw),
      poll_interval: "500ms",
      upload_interval: "1s",
      buses: [{
        name: "line",
        tcp: { host: "127.0.0.1", port },
        timing: { timeout: "500ms" },
        inverters: [{ name: "roof", profile }],
      }],
    });
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      assert.ok(Date.now() < deadline, "it never came");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const site: Site = {
    folder,
    gateway: () => gateway,
    nodeConfig: (port) => configOf(port, "ecowatt"),
    sunSpecConfig: (port) => configOf(port, "sunspec"),
    until,
    async queue(command) {
      const queued = await ask("/command/queue", {
        device_id: deviceId,
        inverter: "roof",
        profile: "ecowatt",
        ...command,
      });
      return String(queued.command_id);
    },
    status: async (id) => (await ask(`/command/status?command_id=${id}`)).command,
    async ended(id) {
      const deadline = Date.now() + 15_000;
      for (;;) {
        const command = await site.status(id);
        if (!["pending", "executing"].includes(command.status)) return command;
        assert.ok(Date.now() < deadline, `never ended: ${JSON.stringify(command)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async restart() {
      const { port } = gateway;
      await gateway[Symbol.asyncDispose]();
      gateway = await start(port);
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
  return site;
}
