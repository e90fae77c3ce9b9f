import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { type DeviceNewsIo, keepDeviceNews } from "../../../gateway/mqtt/device_news.ts";
import type { Message } from "../../../gateway/mqtt/message.ts";
import type { DeviceStateView } from "../../../gateway/state/device_states.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { openTestStores } from "../../fakes/stores.ts";

const MINUTE = 60_000;
const ROOF = DeviceId.parse("roof");
const OK: DeviceStateView = { state: "ok", since: 1, reason: { code: "samples_arrive" }, inverters: [] };

Deno.test("today's energy begins at 0 at the site's midnight, the total stays, and online is said again each minute", async () => {
  const clock = new FakeClock(Date.parse("2026-06-21T21:30:00Z")); // 23:30 in Berlin
  const folder = await Deno.makeTempDir();
  await using opened = await openTestStores(folder, { timeZone: "Europe/Berlin" });
  const { stores, services: { samples: sink, energy: energyReader } } = opened;
  const samples = Array.from({ length: 31 }, (_, k) => ({ at: clock.now() - (30 - k) * MINUTE, values: [600] }));
  const series = { profile: "ecowatt", registers: ["Pac"], samples };
  const add = await stores.devices.add({ deviceId: ROOF, model: "node", auth: "signed" });
  await stores.commit.run(() => {
    add(1);
    sink.append({ device: ROOF, inverter: "east", series, quality: "exact", receivedAt: clock.now() });
  });
  const put: Message[] = [];
  const last = (topic: string) => put.findLast((message) => message.topic === topic)?.payload;
  const io: DeviceNewsIo = {
    devices: stores.devices,
    energy: energyReader,
    publisher: { put: (message) => void put.push(message), retained: last },
    states: { of: () => OK, listen: () => ({ [Symbol.dispose]() {} }) },
    clock,
    log: getLogger(["test"]),
  };
  const stop = new AbortController();
  const { done } = keepDeviceNews(io, stop.signal);
  const energy = () => {
    const { day, lifetime_kwh, today_kwh } = JSON.parse(last("ecowatt/roof/east/energy") ?? "{}");
    return [day, lifetime_kwh, today_kwh];
  };
  await clock.advance(1);
  assert.deepEqual(energy(), ["2026-06-21", 0.3, 0.3]);
  assert.equal(JSON.parse(last("ecowatt/roof/condition") ?? "{}").state, "ok");
  await clock.advance(2 * MINUTE);
  assert.equal(put.filter(({ topic }) => topic === "ecowatt/gateway/status").length, 2);
  assert.equal(put.filter(({ topic }) => topic === "ecowatt/roof/east/energy").length, 1, "nothing is said twice");
  clock.jump(Date.parse("2026-06-21T22:00:01Z"));
  await clock.advance(1_000);
  assert.deepEqual(energy(), ["2026-06-22", 0.3, 0]);
  stop.abort();
  await done;
  await Deno.remove(folder, { recursive: true });
});
