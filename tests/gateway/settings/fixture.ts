import assert from "node:assert/strict";
import { importHmacKey } from "../../../crypto/hmac.ts";
import type { SettingsRollouts } from "../../../gateway/settings/rollouts.ts";
import type { Device } from "../../../gateway/store/devices.ts";
import { ChangesAnswer } from "../../../protocol/settings/changes.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import type { DeviceKey } from "../../../protocol/device_signature.ts";
import { signedPost } from "../../fakes/device_gateway.ts";
import { devicePaths, type Fixture, NOW, openFixture } from "../api/fixture.ts";

/** Where boards upload from. */
const ADDRESS = "192.0.2.7";

/** The gateway's operator API and its paths for devices, over one real database. */
export interface SettingsFixture extends Fixture {
  readonly rollouts: SettingsRollouts;
  addNode(name: string): Promise<Device>;
  addBoard(name: string): Promise<Device>;
  /** Sends as the device and reads the JSON of the answer. */
  post(device: string, path: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  /** What `/changes` says to the device. */
  changes(device: string): Promise<ChangesAnswer>;
  /** Sends lines of a report, which have to be taken. */
  report(device: string, ...updates: readonly object[]): Promise<void>;
  /** Ends as a power cut does: goes on with what is on disk now, and forgets the rest. */
  crash(): Promise<SettingsFixture>;
}

type Keys = Map<string, { readonly key?: DeviceKey; sequence: number }>;

export async function openSettings(
  folder?: string,
  now = NOW,
  keys: Keys = new Map(),
): Promise<SettingsFixture> {
  const base = await openFixture(folder, now);
  const { stores, clock, management } = base;
  const stop = new AbortController();
  const paths = devicePaths(base, stop.signal);
  const posted = async (device: string, path: string, body: unknown) => {
    const known = keys.get(device);
    const handler = paths.get(path);
    assert.ok(known && handler);
    const full = { device_id: device, timestamp: 5_000, ...Object(body) };
    const url = "http://gateway";
    const { headers, body: bytes } = known.key
      ? await signedPost({ url }, known.key, ++known.sequence, full, path)
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(full) };
    const response = await handler(new Request(url + path, { method: "POST", headers, body: bytes }), ADDRESS);
    return { status: response.status, body: await response.json() };
  };
  /** As a node does: after a power cut of its gateway it is told the number to go on from. */
  const post: SettingsFixture["post"] = async (device, path, body) => {
    const answer = await posted(device, path, body);
    const { next_sequence: next } = Object(answer.body);
    const known = keys.get(device);
    if (answer.status !== 401 || next === undefined || known === undefined) return answer;
    known.sequence = next - 1;
    return await posted(device, path, body);
  };
  const end = async () => {
    stop.abort();
    await base[Symbol.asyncDispose]();
  };
  return {
    ...base,
    [Symbol.asyncDispose]: end,
    rollouts: base.services.settingsRollouts,
    async addNode(name) {
      const deviceId = DeviceId.parse(name);
      const { device, key } = await management.addDevice({ deviceId, model: "ecowatt-node", auth: "signed" });
      keys.set(name, { key: { deviceId, number: key.number, hmac: await importHmacKey(key.raw) }, sequence: 0 });
      return device;
    },
    async addBoard(name) {
      const { device } = await management.addDevice({ deviceId: DeviceId.parse(name), model: "esp32", auth: "legacy" });
      await stores.commit.run(() => stores.devices.sawAt(device, ADDRESS)); // it has uploaded
      keys.set(name, { sequence: 0 });
      return device;
    },
    post,
    async changes(device) {
      const { status, body } = await post(device, "/changes", {});
      assert.equal(status, 200);
      return ChangesAnswer.parse(body);
    },
    async report(device, ...updates) {
      const { status, body } = await post(device, "/config/report", { updates });
      assert.deepEqual([status, Object(body).status], [200, "success"]);
    },
    async crash() {
      const copy = Deno.makeTempDirSync();
      for (const entry of Deno.readDirSync(base.folder)) {
        // The shared memory of SQLite does not survive a power cut.
        if (entry.isFile && !entry.name.endsWith("-shm")) {
          Deno.copyFileSync(`${base.folder}/${entry.name}`, `${copy}/${entry.name}`);
        }
      }
      await end();
      return await openSettings(copy, clock.now(), keys);
    },
  };
}
