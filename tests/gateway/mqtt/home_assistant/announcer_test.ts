import { createInverters, type ListedInverters } from "../../../../gateway/store/inverters.ts";
import assert from "node:assert/strict";
import {
  type AnnouncerIo,
  type AnnouncerOptions,
  createAnnouncer,
} from "../../../../gateway/mqtt/home_assistant/announcer.ts";
import type { Message } from "../../../../gateway/mqtt/message.ts";
import { emptyTwin } from "../../../../gateway/store/port/twin.ts";
import { openTestStores } from "../../../fakes/stores.ts";
import type { Stores } from "../../../../gateway/store/stores.ts";
import { DeviceId } from "../../../../protocol/device_id.ts";
import { FakeClock } from "../../../fakes/clock.ts";
import { DeviceDiscovery, entitiesOf } from "./schema.ts";

const OPTIONS: AnnouncerOptions = {
  enabled: true,
  prefix: "homeassistant",
  powerLimit: true,
  install: false,
  link: undefined,
  offlineAfterS: 2_700,
  version: "1.2.3",
};

/** The newest payload of each topic that a gateway over these stores publishes; forgotten with a restart. */
function startedOn(stores: Stores, clock: FakeClock, listed: ListedInverters = () => undefined) {
  const sent = new Map<string, string>();
  let count = 0;
  const publisher = {
    put({ topic, payload, retain }: Message) {
      assert.ok(retain, "only what is retained takes back what a broker keeps");
      count++;
      sent.set(topic, payload);
    },
    retained: (topic: string) => sent.get(topic),
  };
  const io: AnnouncerIo = { ...stores, inverters: createInverters({ ...stores, listed }), publisher, clock };
  const own = createAnnouncer(OPTIONS, io);
  const announce = (options = OPTIONS) => options === OPTIONS ? own() : createAnnouncer(options, io)();
  return { announce, sent, count: () => count };
}

async function withRoof(body: (stores: Stores, clock: FakeClock) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = new FakeClock();
  {
    await using opened = await openTestStores(folder);
    const { stores } = opened;
    const add = await stores.devices.add({ deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" });
    await stores.commit.run(() => {
      add(1);
      const series = {
        profile: "ecowatt",
        registers: ["Pac", "Pow"],
        samples: [{ at: clock.now(), values: [600, 60] }],
      };
      const batch = { device: DeviceId.parse("roof"), inverter: "east", series, receivedAt: clock.now() };
      stores.samples.append({ ...batch, quality: "exact" });
    });
    await body(stores, clock);
  }
  await Deno.remove(folder, { recursive: true });
}

const INVERTER = "homeassistant/device/ecowatt_roof_east/config";

function expiries(payload: string | undefined): readonly number[] {
  const entities = entitiesOf(DeviceDiscovery.parse(JSON.parse(payload ?? "{}")));
  return entities.flatMap((entity) => entity.p === "sensor" && entity.exp_aft !== undefined ? [entity.exp_aft] : []);
}

Deno.test("measurements expire after three uploads that did not come, and not before the device counts as offline", async () => {
  await withRoof(async (stores, clock) => {
    const gateway = startedOn(stores, clock);
    await gateway.announce();
    assert.deepEqual(expiries(gateway.sent.get(INVERTER)), [2_700]);
    const roof = stores.devices.find("roof");
    assert.ok(roof);
    const twin = { ...emptyTwin(), desired: { poll_interval_s: 10, upload_interval_s: 3_600 } };
    await stores.commit.run(() => stores.twins.save(roof, twin));
    await gateway.announce();
    assert.deepEqual(expiries(gateway.sent.get(INVERTER)), [10_800]);
  });
});

Deno.test("what has not changed is not said again, and after a restart everything is", async () => {
  await withRoof(async (stores, clock) => {
    const gateway = startedOn(stores, clock);
    for (let k = 0; k < 3; k++) await gateway.announce();
    assert.equal(gateway.count(), 2);
    const again = startedOn(stores, clock);
    await again.announce();
    assert.deepEqual([...again.sent.keys()].sort(), ["homeassistant/device/ecowatt_roof/config", INVERTER]);
  });
});

Deno.test("another prefix takes the announcements with it, and what was said under the old one is taken back for a month", async () => {
  await withRoof(async (stores, clock) => {
    await startedOn(stores, clock).announce();
    const moved = { ...OPTIONS, prefix: "ha/discovery" };
    for (let restart = 0; restart < 2; restart++) {
      const gateway = startedOn(stores, clock);
      await gateway.announce(moved);
      assert.equal(gateway.sent.get(INVERTER), "");
      assert.ok(gateway.sent.get("ha/discovery/device/ecowatt_roof_east/config"));
      assert.equal(gateway.sent.has("ecowatt/roof/east/state"), false, "the device is still there");
    }
    await clock.advance(31 * 86_400_000);
    await startedOn(stores, clock).announce({ ...moved, prefix: "third" }); // a change, at which the old is forgotten
    const gateway = startedOn(stores, clock);
    await gateway.announce({ ...moved, prefix: "third" });
    assert.equal(gateway.sent.has(INVERTER), false);
    assert.equal(gateway.sent.get("ha/discovery/device/ecowatt_roof_east/config"), "");
  });
});

Deno.test("a device that comes back under its name is announced again with its entities", async () => {
  await withRoof(async (stores, clock) => {
    const gateway = startedOn(stores, clock);
    await gateway.announce();
    await stores.commit.run(() => stores.devices.remove("roof", clock.now()));
    await gateway.announce();
    assert.equal(gateway.sent.get(INVERTER), "");
    assert.equal(gateway.sent.get("ecowatt/roof/east/energy"), "");
    const said = gateway.count();
    await gateway.announce();
    assert.equal(gateway.count(), said, "it is taken back once");
    const add = await stores.devices.add({ deviceId: DeviceId.parse("roof"), model: "node", auth: "signed" });
    await stores.commit.run(() => add(clock.now()));
    await gateway.announce();
    const keys = entitiesOf(DeviceDiscovery.parse(JSON.parse(gateway.sent.get(INVERTER) ?? "{}"))).map(({ key }) =>
      key
    );
    assert.deepEqual(keys.sort(), ["Pac", "lifetime", "power_limit", "problem", "today"]);
  });
});

Deno.test("an inverter that its node does not list any more is taken back with all that is kept of it, also after a restart", async () => {
  await withRoof(async (stores, clock) => {
    await startedOn(stores, clock, () => new Set(["east"])).announce();
    for (let restart = 0; restart < 2; restart++) {
      const gateway = startedOn(stores, clock, () => new Set(["roof-east"]));
      await gateway.announce();
      const emptied = [...gateway.sent].filter(([, payload]) => payload === "").map(([topic]) => topic).sort();
      assert.deepEqual(emptied, [
        "ecowatt/roof/east/energy",
        "ecowatt/roof/east/power_limit",
        "ecowatt/roof/east/state",
        INVERTER,
      ]);
      assert.ok(gateway.sent.get("homeassistant/device/ecowatt_roof/config"), "the device is still there");
      const said = gateway.count();
      await gateway.announce();
      assert.equal(gateway.count(), said, "once in each run");
    }
    const back = startedOn(stores, clock, () => new Set(["east"]));
    await back.announce();
    assert.ok(back.sent.get(INVERTER), "it is announced when it is listed again");
  });
});
