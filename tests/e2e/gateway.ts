import { join } from "node:path";
import { importHmacKey } from "../../crypto/hmac.ts";
import { fromHex } from "../../crypto/bytes.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import type { DeviceKey } from "../../protocol/device_signature.ts";
import { type Running, start } from "./process.ts";
import { gatewayUrl, output } from "./site.ts";

/** What an operator may do. */
type Role = "viewer" | "operator" | "admin";

/** A gateway of the product in a process of its own, and what its operators do with it. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** Where its own broker listens; 0 when it has none. */
  readonly mqttPort: number;
  /** Of the whole product: `--data-dir`. */
  readonly dataDir: string;
  readonly process: Running;
  /** Of an administrator. */
  readonly token: string;
  /** A request to the operator API; throws what is refused. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  createToken(role: Role): Promise<string>;
  /** An address that logs a browser in. */
  link(role: Role): Promise<string>;
  addDevice(name: string, details?: { readonly [key: string]: string }): Promise<NewDevice>;
  /** Ends it as a service manager does, and leaves its data for another one; throws unless it ends well. */
  stop(): Promise<void>;
}

/** A device that was registered. */
export interface NewDevice {
  readonly rawKey: Uint8Array<ArrayBuffer>;
  readonly key: DeviceKey;
}

export interface GatewayProcessOptions {
  /** The section `gateway:` of its configuration; a free port unless it names one. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** That of a gateway before it; a new one, which is removed in the end, when left out. */
  readonly dataDir?: string;
  /** More of its command line. */
  readonly flags?: readonly string[];
}

/** Starts a gateway; resolves when it answers. Disposing kills it. */
export async function startGatewayProcess(
  { config = {}, dataDir, flags = [] }: GatewayProcessOptions = {},
): Promise<GatewayProcess> {
  await using opening = new AsyncDisposableStack();
  const folder = dataDir ?? await Deno.makeTempDir({ prefix: "ecowatt-test-" });
  if (dataDir === undefined) opening.defer(() => Deno.remove(folder, { recursive: true }));
  const configFile = join(folder, "gateway.yaml");
  await Deno.writeTextFile(configFile, JSON.stringify({ gateway: { port: 0, ...config } }), { mode: 0o600 });
  const process = opening.use(start(["gateway", "--config", configFile, "--data-dir", folder, ...flags]));
  const url = await gatewayUrl(process);
  const mqttPort = Number(/mqtt broker listens \S+ (\d+)/.exec(process.err())?.[1] ?? 0);
  const token = await output(["token", "create", "test", "--role", "admin", "--data-dir", folder]);
  const running = opening.move();
  const ask = <T>(method: string, path: string, body?: unknown) => request<T>(url + path, token, method, body);
  return {
    url,
    mqttPort,
    dataDir: folder,
    process,
    token,
    ask,
    createToken: async (role) =>
      (await ask<{ token: string }>("POST", "/api/v1/tokens", { name: `test ${role}`, role })).token,
    link: async (role) => url + (await ask<{ path: string }>("POST", "/api/v1/login-links", { role })).path,
    async addDevice(name, details = {}) {
      const { key } = await ask<AddedDevice>("POST", "/api/v1/devices", { device_id: name, ...details });
      const rawKey = fromHex(key.key);
      if (!rawKey) throw new Error("the key of a new device is not hex");
      const deviceId = DeviceId.parse(name);
      return { rawKey, key: { deviceId, number: key.number, hmac: await importHmacKey(rawKey) } };
    },
    async stop() {
      const code = await process.kill("SIGTERM");
      if (code !== 0) throw new Error(`the gateway ended with code ${code}: ${process.err()}`);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface AddedDevice {
  readonly key: { readonly number: number; readonly key: string };
}

async function request<T>(url: string, token: string, method: string, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}: ${text}`);
  return JSON.parse(text === "" ? "null" : text);
}
