import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { toHex } from "../../../crypto/bytes.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { systemClock } from "../../../platform/clock.ts";
import type { FakeClock } from "../../fakes/clock.ts";
import { layEmptyDatabase } from "../../fakes/empty_database.ts";
import { localFetch } from "../../fakes/http.ts";
import { until as untilReal } from "../../fakes/until.ts";
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
  /** Waits until the command has ended. */
  ended(commandId: string): Promise<Seen>;
  /** Waits until there is something. */
  until<T>(look: () => T | undefined): Promise<T>;
  /** Stops the gateway and starts it again on the same address. */
  restart(): Promise<void>;
}

/** Starts it on a clock that the test moves, or on the machine's own, where processes come and go. */
export async function startSite(fake?: FakeClock): Promise<Site> {
  const clock = fake ?? systemClock;
  const ownFetch = fake ? localFetch : fetch;
  const reached = (state: () => boolean | Promise<boolean>, what: string) =>
    fake ? fake.reach(state, what) : untilReal(state, what);
  const folder = Deno.makeTempDirSync({ prefix: "ecowatt-command-" });
  const io = { dataDir: `${folder}/gateway`, clock, random: systemRandom, log: getLogger(["test"]) };
  layEmptyDatabase(io.dataDir);
  const start = (port: number) => startGateway(GatewayConfig.parse({ port }), { ...io, version: "0" });
  let gateway = await start(0);
  const deviceId = DeviceId.parse("test-node");
  const { key } = await gateway.management.addDevice({ deviceId, model: "node", auth: "signed" });
  const { secret } = await gateway.management.createToken({ name: "test", role: "operator" });

  const ask = async (path: string, body?: unknown): Promise<Seen> => {
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await ownFetch(gateway.url + path, { headers, ...sent });
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
    let found: T | undefined;
    await reached(() => (found = look()) !== undefined, "what is looked for");
    return found ?? assert.fail();
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
      let command: Seen;
      await reached(async () => {
        command = await site.status(id);
        return !["pending", "executing"].includes(command.status);
      }, "the end of the command");
      return command;
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
