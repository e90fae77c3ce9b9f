import assert from "node:assert/strict";
import { select } from "../../../gateway/store/sample_selection.ts";
import { createSeriesStore } from "../../../gateway/store/series.ts";
import { systemRandom } from "../../../platform/random.ts";
import { programLibrary } from "../../../profiles/library.ts";
import { columnsOf } from "../../../protocol/profile/lookup.ts";
import type { Profile } from "../../../protocol/profile/register.ts";
import { addSigned, blockOf, send, signedPost, startDeviceGateway, upload } from "../../fakes/device_gateway.ts";

function profileNamed(name: string): Profile {
  const found = programLibrary.find(name);
  assert.ok(found.ok);
  return found.value.maps[0].profile;
}

Deno.test("a meter's samples are taken by the id of its map, shown by its registers, and are no production", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const meter = profileNamed("abb-b2x");
  const columns = columnsOf(meter, meter.defaultRegisters);
  assert.ok(columns.ok);
  const names = columns.value.map(({ name }) => name);
  assert.ok(names.some((name) => name.endsWith(".low")), "has a value of 64 bits");
  const samples = [0, 1, 2].map((poll) => ({ at: 1_780_000_000_000 + 2_000 * poll, values: names.map(() => 1) }));
  const block = { ...blockOf(1, samples, names), profile: meter.id };
  const answer = await send(gateway, signedPost(gateway, key, 1, upload("roof", block)));
  assert.deepEqual([answer.status, answer.json.total_power_watts], [200, 0], JSON.stringify(answer.json));
  const series = createSeriesStore(gateway.store.db, systemRandom).ofDevice("roof");
  const shown = select(series, { device: "roof", from: 0, to: Infinity }).columns;
  assert.deepEqual(shown.map(({ name }) => name), names.filter((name) => !name.endsWith(".low")));
  assert.ok(shown.some(({ name, unit }) => name === "grid_power" && unit === "W"));
});

Deno.test("a block of a map that nobody knows is refused by name", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const block = { ...blockOf(1, [{ at: 1_780_000_000_000, values: [1, 2] }]), profile: "abb-b2x@000000000000" };
  const answer = await send(gateway, signedPost(gateway, key, 1, upload("roof", block)));
  assert.deepEqual(
    [answer.status, answer.json.errors?.[0]?.path],
    [422, "blocks[0].profile"],
    JSON.stringify(answer.json),
  );
});
