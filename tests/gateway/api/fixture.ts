import { getLogger } from "@logtape/logtape";
import type { App } from "../../../gateway/app.ts";
import { createDeviceApi } from "../../../gateway/device_api.ts";
import type { Handler } from "../../../gateway/http/server.ts";
import { createSampleFeed } from "../../../gateway/ingest/sample_feed.ts";
import { createLocalApp } from "../../../gateway/local_api.ts";
import type { Management } from "../../../gateway/management/management.ts";
import { createServices, type Services } from "../../../gateway/services.ts";
import { Role } from "../../../gateway/store/tokens.ts";
import { openStores, type Stores } from "../../../gateway/store/stores.ts";
import { systemRandom } from "../../../platform/random.ts";
import { MAX_BODY_BYTES } from "../../../protocol/messages/sample_blocks.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import type { Quality, Sample } from "../../../protocol/sample.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { layEmptyDatabase } from "../../fakes/empty_database.ts";

/** 2026-06-21T12:00:00Z, where the clock stands. */
export const NOW = Date.UTC(2026, 5, 21, 12);

/** The application over a real database, with a token for each role. */
export interface Fixture extends AsyncDisposable {
  readonly folder: string;
  readonly app: App;
  readonly clock: FakeClock;
  readonly stores: Stores;
  readonly services: Services;
  readonly management: Management;
  /** The secrets. */
  readonly tokens: Readonly<Record<Role, string>>;
  /** Whether `/health` finds the store healthy. */
  readonly health: { ok: boolean | "broken" };
  /** A request with the token of a role, and a JSON body if there is one. */
  send(role: Role | undefined, method: string, path: string, body?: unknown): Promise<Response>;
  /** Sends as admin and reads the JSON of the answer, whatever its status. */
  ask(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  store(batch: StoredBatch): Promise<void>;
}

export interface StoredBatch {
  readonly device: string;
  readonly inverter?: string;
  readonly profile?: string;
  readonly registers: readonly string[];
  readonly samples: readonly Sample[];
  readonly quality?: Quality;
}

/** Over a data directory that is there already, or a new one; it goes away with the fixture. */
export async function openFixture(
  folder = Deno.makeTempDirSync(),
  now = NOW,
  log = getLogger(["test"]),
): Promise<Fixture> {
  const clock = new FakeClock(now);
  layEmptyDatabase(folder);
  const stores = await openStores(folder, { random: systemRandom, clock, securityLogRows: 1_000 });
  const io = { dataDir: folder, clock, random: systemRandom, log, version: "1.2.3" };
  const health: Fixture["health"] = { ok: true };
  const services: Services = {
    ...createServices(stores, {}, io),
    storeTrouble: () => {
      if (health.ok === "broken") return Promise.reject(new Error("test: a detail"));
      return Promise.resolve(health.ok ? undefined : "refuses_writes");
    },
  };
  const { management } = services;
  const app = createLocalApp({ stores, services, tokens: stores.tokens, io });
  const tokens = { viewer: "", operator: "", admin: "" };
  for (const role of Role.options) tokens[role] = (await management.createToken({ name: `test ${role}`, role })).secret;
  const send: Fixture["send"] = async (role, method, path, body) =>
    await app.request(path, {
      method,
      headers: {
        ...(role === undefined ? {} : { authorization: `Bearer ${tokens[role]}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }, { address: "192.0.2.1" });
  return {
    folder,
    app,
    clock,
    stores,
    services,
    management,
    tokens,
    health,
    send,
    async ask(method, path, body) {
      const response = await send("admin", method, path, body);
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    store({ device, inverter = "inverter", profile = "ecowatt", registers, samples, quality = "exact" }) {
      const series = { profile, registers, samples };
      const batch = { device: DeviceId.parse(device), inverter, series, quality, receivedAt: clock.now() };
      return stores.commit.run(() => services.samples.append(batch));
    },
    async [Symbol.asyncDispose]() {
      await stores[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The handlers of the paths of devices, over the same database; the signal ends them. */
export function devicePaths(
  { stores, services, clock }: Fixture,
  signal = AbortSignal.abort(),
): ReadonlyMap<string, Handler> {
  const log = getLogger(["test"]);
  return createDeviceApi({
    stores,
    services,
    feed: createSampleFeed(log),
    publishes: false,
    limits: { maxBytes: MAX_BODY_BYTES, timeoutMs: 30_000 },
    signal,
    io: { clock, log },
  });
}

/** What lies at `path` in a JSON value: `at(body, "devices", 0, "device_id")`. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce((inner, key) => {
    if (typeof inner !== "object" || inner === null) return undefined;
    return Object.entries(inner).find(([name]) => name === String(key))?.[1];
  }, value);
}
