import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { toHex } from "../../../crypto/bytes.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { type Node, startNode } from "../../../device/node.ts";
import { SettingsView } from "../../../gateway/api/settings_view.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { SettingsEvent } from "../../../gateway/store/settings_history.ts";
import type { Clock } from "../../../platform/clock.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { layEmptyDatabase } from "../../fakes/empty_database.ts";

const DEVICE = "roof-node";

/** The time of a site, and how its parts talk HTTP to each other. */
interface SiteIo {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
}

/** A sample as the gateway tells it: unix milliseconds, and the value of `Pac`. */
export interface Told {
  readonly at: number;
  readonly pac: number;
}

/** A real gateway and a real node with one inverter, each on its own disk. */
export class Site implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync();
  readonly #io;
  #gateway: Gateway | undefined;
  #node: Node | undefined;
  #token = "";
  #key = "";
  #port = 0;
  /** More of the node's configuration. */
  readonly #nodeConfig: Record<string, unknown>;
  readonly #inverter: Record<string, unknown>;

  constructor(
    io: SiteIo,
    inverterPort: number,
    options: { readonly node?: object; readonly inverter?: object; readonly timeout?: string } = {},
  ) {
    this.#io = { ...io, random: systemRandom, log: getLogger(["test"]) };
    this.#nodeConfig = { poll_interval: "100ms", upload_interval: "1s", ...options.node };
    const timing = { timeout: options.timeout ?? "2s", retries: 0 };
    this.#inverter = { timing, tcp: { host: "127.0.0.1", port: inverterPort }, inverters: [{ ...options.inverter }] };
  }

  async startGateway(): Promise<void> {
    const config = GatewayConfig.parse({
      port: this.#port,
      retention_days: { raw: "forever", "1m": "forever" },
    });
    layEmptyDatabase(`${this.#folder}/gateway`);
    this.#gateway = await startGateway(config, { ...this.#io, dataDir: `${this.#folder}/gateway`, version: "0.0.0" });
    this.#port = this.#gateway.port;
    if (this.#key !== "") return;
    const { management } = this.#gateway;
    const { key } = await management.addDevice({ deviceId: DeviceId.parse(DEVICE), model: "test", auth: "signed" });
    this.#key = toHex(key.raw);
    this.#token = (await management.createToken({ name: "test", role: "admin" })).secret;
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.[Symbol.asyncDispose]();
    this.#gateway = undefined;
  }

  async startNode(): Promise<Node> {
    const { dataDir, ...config } = this.nodeOptions;
    return this.#node = await startNode(NodeConfig.parse(config), { ...this.#io, dataDir });
  }

  /** What the node is started with: its configuration and `dataDir`. */
  get nodeOptions() {
    return {
      device_id: DEVICE,
      gateway: `http://127.0.0.1:${this.#port}`,
      key: this.#key,
      ...this.#nodeConfig,
      buses: [this.#inverter],
      dataDir: `${this.#folder}/node`,
    };
  }

  async stopNode(): Promise<void> {
    await this.#node?.[Symbol.asyncDispose]();
    this.#node = undefined;
  }

  get node(): Node {
    assert.ok(this.#node);
    return this.#node;
  }

  /** The version in force at the node; 0: the configuration file. */
  get inForce(): number {
    return this.node.status().settings.inForce?.version ?? 0;
  }

  /** Sets settings as an operator does. */
  set(values: object): Promise<z.infer<typeof SettingsView>> {
    return this.#api("PUT", `/api/v1/devices/${DEVICE}/settings`, values);
  }

  settings(): Promise<z.infer<typeof SettingsView>> {
    return this.#api("GET", `/api/v1/devices/${DEVICE}/settings`);
  }

  /** What the node reported, oldest first. */
  async history(): Promise<readonly Extract<z.infer<typeof SettingsEvent>, { kind: "report" }>[]> {
    const response = await this.#fetch("GET", `/api/v1/devices/${DEVICE}/settings/history?limit=100`);
    const events =
      z.object({ events: z.array(z.object({ event: SettingsEvent })) }).parse(await response.json()).events;
    return events.map(({ event }) => event).filter((event) => event.kind === "report").reverse();
  }

  /** Every sample that the gateway stored, in order of time. */
  async samples(): Promise<readonly Told[]> {
    const response = await this.#fetch("GET", `/api/v1/devices/${DEVICE}/samples.csv?resolution=raw&from=0`);
    const [header = "", ...lines] = (await response.text()).trim().split("\r\n");
    const column = header.split(",").indexOf("Pac");
    return lines.map((line) => line.split(",")).map((cells) => ({
      at: Date.parse(cells[0] ?? ""),
      pac: Number(cells[column]),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopNode();
    await this.stopGateway();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  async #api(method: string, path: string, body?: object): Promise<z.infer<typeof SettingsView>> {
    const response = await this.#fetch(method, path, body);
    const json = await response.json();
    assert.ok(response.ok, JSON.stringify(json));
    return SettingsView.parse(json);
  }

  #fetch(method: string, path: string, body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const url = `http://127.0.0.1:${this.#port}${path}`;
    return this.#io.fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }
}
