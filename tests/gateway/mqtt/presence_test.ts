import assert from "node:assert/strict";
import { createPresence } from "../../../gateway/mqtt/presence.ts";
import { keepPresence } from "../../../gateway/mqtt/presence_task.ts";
import type { Message } from "../../../gateway/mqtt/message.ts";
import { getLogger } from "@logtape/logtape";
import { DeviceId } from "../../../protocol/device_id.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { openGatewayStore, register } from "../../fakes/gateway_store.ts";

Deno.test("a device is told as online when it is heard of, as offline after its silence, each once", () => {
  const told: [string, string | undefined][] = [];
  const presence = createPresence(1_000, (device, status) => told.push([device, status]));
  const devices = ["roof", "barn"];
  presence.review(devices, 0);
  presence.heard("roof", 100);
  presence.heard("roof", 200);
  presence.review(devices, 1_199);
  presence.review(devices, 1_200);
  presence.review(devices, 5_000);
  presence.heard("roof", 6_000);
  presence.review(["barn"], 6_500);
  assert.deepEqual(told, [
    ["roof", "offline"],
    ["barn", "offline"],
    ["roof", "online"],
    ["roof", "offline"],
    ["roof", "online"],
    ["roof", undefined],
  ]);
});

Deno.test("after a start the store says who was heard of; a removed device leaves nothing at the broker", async () => {
  using store = openGatewayStore();
  for (const name of ["fresh", "silent", "gateway"]) {
    await register(store.devices, { deviceId: DeviceId.parse(name), model: "node", auth: "signed" });
  }
  const clock = new FakeClock();
  const sent: Message[] = [];
  const stop = new AbortController();
  const lastReceivedAt: Record<string, number> = { fresh: clock.now() - 5_000, silent: clock.now() - 500_000 };
  const task = keepPresence(60_000, {
    publisher: { put: (message) => void sent.push(message) },
    devices: store.devices,
    activity: (device) => ({ lastReceivedAt: lastReceivedAt[device], lastSampleAt: undefined }),
    inverters: { names: () => ["east"] },
    clock,
    log: getLogger(["test"]),
  }, stop.signal);
  await clock.advance(0);
  const shown = () => sent.splice(0).map(({ topic, payload }) => [topic, payload]);
  assert.deepEqual(shown(), [["ecowatt/fresh/status", "online"], ["ecowatt/silent/status", "offline"]]);
  store.devices.remove("fresh", clock.now());
  await clock.advance(15_000);
  const ended = ["status", "condition", "firmware", "east/state", "east/energy", "east/power_limit"];
  assert.deepEqual(shown(), ended.map((name) => [`ecowatt/fresh/${name}`, ""]));
  stop.abort();
  await task.done;
});

Deno.test("an older word that arrives late makes no device silent", () => {
  const told: unknown[] = [];
  const presence = createPresence(60_000, (device, status) => told.push([device, status]));
  presence.heard("roof", 100_000);
  presence.heard("roof", 10_000);
  presence.review(["roof"], 150_000);
  assert.deepEqual(told, [["roof", "online"]]);
});
