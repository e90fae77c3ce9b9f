import assert from "node:assert/strict";
import { knownProfile } from "../../../profiles/known_profile.ts";
import { newestSamples } from "../../../gateway/ingest/newest_sample.ts";
import { stateMessage } from "../../../gateway/mqtt/state_payload.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { floatBits } from "../../../protocol/profile/raw.ts";
import { at, NOW, openFixture } from "./fixture.ts";

Deno.test("a float register shows what the inverter meant everywhere: API, CSV, MQTT", async () => {
  await using fixture = await openFixture();
  await fixture.ask("POST", "/api/v1/devices", { device_id: "barn" });
  const profile = "sunspec:1@40002/66,113@40070/60", registers = ["113.PhVphA", "113.Hz"];
  const samples = [{ at: NOW - 1_000, values: [230.1, 50.01].map(floatBits) }];
  await fixture.store({ device: "barn", inverter: "east", profile, registers, samples });
  const latest = await fixture.ask("GET", "/api/v1/devices/barn/latest");
  assert.deepEqual([0, 1].map((index) => at(latest.body, "values", index, "value")), [230.1, 50.01]);
  const points = await fixture.ask("GET", "/api/v1/devices/barn/samples?resolution=raw");
  assert.match(JSON.stringify(at(points.body, "points")), /"113\.PhVphA":230\.1,"113\.Hz":50\.01/);
  const csv = await fixture.send("admin", "GET", "/api/v1/devices/barn/samples.csv?resolution=raw");
  assert.match(await csv.text(), /,230\.1,50\.01/);
  const device = DeviceId.parse("barn"), series = { profile, registers, samples };
  const [newest] = newestSamples(
    [{ device, inverter: "east", series, quality: "exact", receivedAt: NOW }],
    knownProfile,
  );
  assert.match(newest === undefined ? "" : stateMessage(newest).payload, /"113\.PhVphA":230\.1,"113\.Hz":50\.01/);
});
