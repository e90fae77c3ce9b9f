import { getLogger } from "@logtape/logtape";
import { importHmacKey } from "../../crypto/hmac.ts";
import { type Bytes, toHex, utf8 } from "../../crypto/bytes.ts";
import { createDeviceApi } from "../../gateway/device_api.ts";
import { dispatch } from "../../gateway/http/device_paths.ts";
import type { DeviceRoute } from "../../gateway/http/device_route.ts";
import { Fault } from "../../gateway/fault.ts";
import { problemResponse } from "../../gateway/http/problem.ts";
import type { BodyLimits } from "../../gateway/http/request_body.ts";
import { startServer } from "../../gateway/http/server.ts";
import { createSampleFeed } from "../../gateway/ingest/sample_feed.ts";
import { createServices } from "../../gateway/services.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { CODEC, encodeBlock } from "../../protocol/block/block.ts";
import { toBase64 } from "../../crypto/bytes.ts";
import { MAX_BODY_BYTES } from "../../protocol/messages/sample_blocks.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { type DeviceKey, signRequest, verifyResponse } from "../../protocol/device_signature.ts";
import { legacySignature } from "../../gateway/boards/legacy_signature.ts";
import type { Sample } from "../../protocol/sample.ts";
import { type GatewayStore, openGatewayStore, register } from "./gateway_store.ts";

/** The device side of a real gateway: its database, its server on a port of its own. */
export interface DeviceGateway extends AsyncDisposable {
  readonly store: GatewayStore;
  readonly url: string;
  readonly port: number;
  /** Stops it, or kills it, and starts another one on the same database. */
  restart(how?: "stop" | "kill"): Promise<DeviceGateway>;
}

export interface DeviceGatewayOptions {
  readonly routes?: readonly DeviceRoute[];
  readonly limits?: BodyLimits;
  /** The machine's own when left out. */
  readonly clock?: Clock;
}

export function startDeviceGateway(options: DeviceGatewayOptions = {}, store = openGatewayStore()): DeviceGateway {
  const { clock = systemClock } = options;
  const log = getLogger(["test"]);
  const abort = new AbortController();
  const { stores, directory: dataDir } = store;
  const io = { dataDir, clock, random: systemRandom, log };
  const parts = {
    stores,
    services: createServices(stores, {}, io),
    feed: createSampleFeed(log),
    publishes: false,
    limits: options.limits ?? { maxBytes: MAX_BODY_BYTES, timeoutMs: 30_000 },
    signal: abort.signal,
    io,
  };
  const paths = createDeviceApi(parts, options.routes);
  const handler = dispatch(paths, () => problemResponse(new Fault("not_found", "There is nothing here")));
  const server = startServer({ hostname: "127.0.0.1", port: 0, handler, clock, log });
  const stop = async () => {
    abort.abort();
    await server.stop();
  };
  return {
    store,
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    async restart(how = "stop") {
      await stop();
      if (how === "stop") await stores[Symbol.asyncDispose]();
      else await stores.commit.close();
      return startDeviceGateway(options, store.restart());
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await stores.commit.close();
      store[Symbol.dispose]();
    },
  };
}

/** Registers a signing device and gives its key. */
export async function addSigned(store: GatewayStore, name: string): Promise<DeviceKey> {
  const { device, key } = await register(store.devices, {
    deviceId: DeviceId.parse(name),
    model: "node",
    auth: "signed",
  });
  return { deviceId: device.deviceId, number: key.number, hmac: await importHmacKey(key.raw) };
}

/** What a device posts: the bytes and the headers. */
export interface Post {
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the answer is the gateway's to this request, signed. */
  readonly verify: (response: Response, body: Uint8Array) => boolean | Promise<boolean>;
}

/** A signed request; `body` is an object for JSON, or bytes. */
export async function signedPost(
  gateway: Pick<DeviceGateway, "url">,
  key: DeviceKey,
  sequence: number,
  body: unknown,
  path = "/process",
): Promise<Post> {
  const bytes = body instanceof Uint8Array ? new Uint8Array(body) : utf8(JSON.stringify(body));
  const created = Math.floor(Date.now() / 1000);
  const signed = await signRequest(key, { method: "POST", url: gateway.url + path, body: bytes, sequence, created });
  return {
    path,
    body: bytes,
    headers: { "content-type": "application/json", ...signed.headers },
    async verify(response, answer) {
      const received = { status: response.status, fields: response.headers, body: answer };
      return (await verifyResponse(key, signed, received)).ok;
    },
  };
}

/** An upload as a board sends it. */
export async function boardPost(rawKey: Bytes, sequence: number, body: Bytes): Promise<Post> {
  const mac = toHex(await legacySignature(await importHmacKey(rawKey), body, sequence));
  return {
    path: "/process",
    body,
    headers: { "content-type": "application/json", "x-sequence-number": String(sequence), "x-hmac-sha256": mac },
    verify: () => false,
  };
}

/** An answer, read. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly json: ReturnType<typeof JSON.parse>;
  /** Whether it is signed for the request. */
  readonly signed: boolean;
  readonly raw: Uint8Array;
}

export async function send(gateway: Pick<DeviceGateway, "url">, posted: Post | Promise<Post>): Promise<Answered> {
  const post = await posted;
  const response = await fetch(gateway.url + post.path, { method: "POST", body: post.body, headers: post.headers });
  const body = await response.bytes();
  return {
    status: response.status,
    headers: response.headers,
    json: response.headers.get("content-type")?.includes("json")
      ? JSON.parse(new TextDecoder().decode(body))
      : undefined,
    raw: body,
    signed: await post.verify(response, body),
  };
}

/** One block of an upload, of the ten-register inverter. */
export function blockOf(
  blockId: number,
  samples: readonly Sample[],
  registers = ["Vac1", "Pac"],
): Record<string, unknown> {
  const times = samples.map((sample) => sample.at);
  return {
    block_id: blockId,
    inverter: "roof-1",
    profile: "ecowatt",
    registers,
    codec: CODEC,
    count: samples.length,
    start_ms: Math.min(...times),
    end_ms: Math.max(...times),
    payload: toBase64(encodeBlock({ samples })),
  };
}

/** Samples of two registers, two seconds apart. */
export function someSamples(count = 5, start = 1_780_000_000_000): Sample[] {
  return Array.from({ length: count }, (_, i) => ({ at: start + 2000 * i, values: [2300 + i, 1000 + 10 * i] }));
}

export function upload(deviceId: string, ...blocks: readonly Record<string, unknown>[]): Record<string, unknown> {
  return { device_id: deviceId, data_type: "sample_blocks", blocks };
}

/** Samples in the store, all series together. */
export function storedSamples(store: GatewayStore): number {
  return Number(store.db.prepare("SELECT coalesce(sum(count), 0) AS n FROM sample_block").get()?.["n"]);
}
