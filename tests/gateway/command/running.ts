import { getLogger } from "@logtape/logtape";
import { type Bytes, utf8 } from "../../../crypto/bytes.ts";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { type Role, Role as Roles } from "../../../gateway/store/tokens.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import type { DeviceKey } from "../../../protocol/device_signature.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { layEmptyDatabase } from "../../fakes/empty_database.ts";
import {
  type Answered,
  blockOf,
  boardPost,
  type DeviceGateway,
  send,
  signedPost,
  someSamples,
  upload,
} from "../../fakes/device_gateway.ts";

/** What the boards call themselves. */
export const WIRE_ID = "ESP32_EcoWatt_Smart";
export const BOARD_KEY: Bytes = utf8("test key of a board, 32 bytes ...").slice(0, 32);

/** A gateway on a port of its own, with a clock that the test moves and tokens for every role. */
export interface Running extends AsyncDisposable {
  readonly url: string;
  readonly clock: FakeClock;
  readonly dataDir: string;
  /** A request of an operator; the body is JSON, or text as it is. */
  ask(method: string, path: string, body?: unknown, role?: Role): Promise<Told>;
  /** Queues a command and gives its id; throws the answer when it is refused. */
  queue(command: Record<string, unknown>): Promise<string>;
  status(commandId: string): Promise<ReturnType<typeof JSON.parse>>;
  addNode(name: string, profile?: string | null): Promise<Node>;
  addBoard(name: string, key?: Bytes): Promise<void>;
  board(path: string, body: unknown, name?: string): Promise<Omit<Answered, "raw"> & { readonly bytes: number }>;
  /** A verified upload, which tells where the board is. */
  boardUpload(sequence: number, key?: Bytes): Promise<Answered>;
  token(role: Role): string;
  restart(): Promise<void>;
}

export interface Told {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** A node that signs. */
export interface Node {
  post(path: string, body: Record<string, unknown>, headers?: Record<string, string>): Promise<Answered>;
  get(more?: Record<string, unknown>): Promise<ReturnType<typeof JSON.parse>>;
  report(commandId: string, status?: string, more?: Record<string, unknown>): Promise<Answered>;
}

export async function startRunning(
  config: Partial<GatewayConfig> = {},
): Promise<Running> {
  const dataDir = await Deno.makeTempDir();
  layEmptyDatabase(dataDir);
  const clock = new FakeClock();
  const start = () =>
    startGateway(GatewayConfig.parse({ port: 0, ...config }), {
      dataDir,
      clock,
      random: systemRandom,
      log: getLogger(["test"]),
      version: "0",
    });
  let gateway: Gateway = await start();
  const tokens = new Map<Role, string>();
  for (const role of Roles.options) {
    tokens.set(role, (await gateway.management.createToken({ name: `test ${role}`, role })).secret);
  }
  const fakeGateway = (): Pick<DeviceGateway, "url"> => ({ url: gateway.url });

  const ask: Running["ask"] = async (method, path, body, role = "operator") => {
    const response = await fetch(gateway.url + path, {
      method,
      headers: {
        authorization: `Bearer ${tokens.get(role)}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };

  return {
    get url() {
      return gateway.url;
    },
    clock,
    dataDir,
    ask,
    async queue(command) {
      const { status, body } = await ask("POST", "/command/queue", command);
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body.command_id;
    },
    async status(commandId) {
      return (await ask("GET", `/command/status?command_id=${commandId}`)).body.command;
    },
    async addNode(name, profile = "ecowatt") {
      const deviceId = DeviceId.parse(name);
      const { key } = await gateway.management.addDevice({ deviceId, model: "test", auth: "signed" });
      const node = createNode(fakeGateway, { deviceId, number: key.number, hmac: await importHmacKey(key.raw) });
      if (profile !== null) await node.post("/process", upload(name, { ...blockOf(1, someSamples(2)), profile }));
      return node;
    },
    async addBoard(name, key = BOARD_KEY) {
      const deviceId = DeviceId.parse(name);
      await gateway.management.addDevice({ deviceId, model: "esp32", auth: "legacy", wireId: WIRE_ID, key });
    },
    async board(path, body, name = WIRE_ID) {
      const text = typeof body === "string"
        ? body
        : JSON.stringify({ device_id: name, timestamp: 12_345, ...Object(body) });
      const response = await fetch(gateway.url + path, {
        method: "POST",
        headers: { "content-type": "application/json", "user-agent": "ESP32HTTPClient" },
        body: text,
      });
      const bytes = await response.bytes();
      const json = JSON.parse(new TextDecoder().decode(bytes));
      return { status: response.status, headers: response.headers, json, signed: false, bytes: bytes.length };
    },
    boardUpload(sequence, key = BOARD_KEY) {
      const body = utf8(JSON.stringify({
        device_id: WIRE_ID,
        timestamp: 1000 * sequence,
        compressed_data: [{
          compressed_binary: btoa(String.fromCharCode(0, 6, 0xfc, 8, 20, 0, 30, 0, 0xe8, 3, 5, 0, 0x5e, 1)),
          decompression_metadata: { timestamp: 1000 * sequence, register_layout: [0, 1, 5, 9, 6, 7] },
        }],
      }));
      return send(fakeGateway(), boardPost(key, sequence, body));
    },
    token: (role) => tokens.get(role) ?? "",
    async restart() {
      await gateway[Symbol.asyncDispose]();
      gateway = await start();
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

function createNode(gateway: () => Pick<DeviceGateway, "url">, key: DeviceKey): Node {
  let sequence = 0;
  const post: Node["post"] = async (path, body, headers = {}) => {
    const at = gateway();
    const signed = await signedPost(at, key, ++sequence, body, path);
    return await send(at, { ...signed, headers: { ...signed.headers, ...headers } });
  };
  return {
    post,
    async get(more = {}) {
      const answer = await post("/command/get", { device_id: key.deviceId, ...more });
      if (answer.status !== 200 || !answer.signed) throw new Error(JSON.stringify(answer.json));
      return answer.json;
    },
    report: (command_id, status = "completed", more = {}) =>
      post("/command/report", { device_id: key.deviceId, command_id, status, result: { message: "done" }, ...more }),
  };
}
