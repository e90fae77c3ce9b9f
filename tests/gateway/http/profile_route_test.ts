import assert from "node:assert/strict";
import { createLearnedProfiles } from "../../../gateway/store/learned_profiles.ts";
import { createRawPoints } from "../../../gateway/store/raw_points.ts";
import { select } from "../../../gateway/store/sample_selection.ts";
import { createSeriesStore } from "../../../gateway/store/series.ts";
import { systemRandom } from "../../../platform/random.ts";
import { transaction } from "../../../platform/sqlite.ts";
import type { DeviceKey } from "../../../protocol/device_signature.ts";
import { MAX_PROFILE_BYTES } from "../../../protocol/messages/profiles.ts";
import {
  addSigned,
  blockOf,
  type DeviceGateway,
  send,
  signedPost,
  startDeviceGateway,
  upload,
} from "../../fakes/device_gateway.ts";
import { ownDocument, profileIn } from "../../fakes/own_profile.ts";

const AT = Date.now() - 60_000;
const DAY = 86_400_000;
const COLUMNS = ["GridW", "State", "ImportWh"];

function blockWith(id: number, document: Record<string, unknown>, raw: number) {
  return { ...blockOf(id, [{ at: AT + id, values: [raw, 1, 100] }], COLUMNS), profile: profileIn(document).id };
}

function bring(gateway: DeviceGateway, key: DeviceKey, sequence: number, document: unknown) {
  return send(gateway, signedPost(gateway, key, sequence, { device_id: key.deviceId, document }, "/profiles"));
}

function learnedIds({ store }: DeviceGateway): readonly unknown[] {
  return store.db.prepare("SELECT id FROM learned_profile ORDER BY id").all().map(({ id }) => id);
}

function seriesOf({ store }: DeviceGateway, device: string) {
  return createSeriesStore(store.db, systemRandom).ofDevice(device);
}

function shown(gateway: DeviceGateway, device: string, register: string): readonly (number | undefined)[] {
  const query = { device, registers: [register], from: 0, to: Infinity };
  const selection = select(seriesOf(gateway, device), query);
  return [...createRawPoints(gateway.store.db).read(selection)].map(({ values: [value] }) => value);
}

Deno.test("a profile that a node brings along is taken, its samples are shown by it, and it outlives a restart", async () => {
  const gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const document = ownDocument(), { id } = profileIn(document);
  const blocks = upload("roof", blockWith(1, document, 4150));
  const unknown = await send(gateway, signedPost(gateway, key, 1, blocks));
  assert.deepEqual([unknown.status, unknown.json.errors[0].path], [422, "blocks[0].profile"]);
  const brought = await bring(gateway, key, 2, document);
  assert.deepEqual([brought.status, brought.signed, brought.json.profiles], [200, true, [id]]);
  const taken = await send(gateway, signedPost(gateway, key, 3, blocks));
  assert.deepEqual([taken.status, taken.json.accepted_blocks, taken.json.total_power_watts], [200, [1], 0]);
  assert.deepEqual(shown(gateway, "roof", "GridW"), [415]);
  const [series] = seriesOf(gateway, "roof");
  const power = series?.map?.registers.find(({ role }) => role === "grid_power");
  assert.deepEqual([series?.map?.class, power?.reversed], ["meter", true]);
  await using again = await gateway.restart();
  const later = await send(again, signedPost(again, key, 4, upload("roof", blockWith(2, document, 10))));
  assert.equal(later.status, 200);
  assert.deepEqual(shown(again, "roof", "GridW"), [415, 1]);
});

Deno.test("a corrected profile has another id, and what was stored before means what it meant", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const wrong = ownDocument(), right = ownDocument({ scale: 1 });
  for (const [index, document] of [wrong, right].entries()) {
    await bring(gateway, key, 2 * index + 1, document);
    const blocks = upload("roof", blockWith(index + 1, document, 50));
    assert.equal((await send(gateway, signedPost(gateway, key, 2 * index + 2, blocks))).status, 200);
  }
  assert.deepEqual(shown(gateway, "roof", "GridW"), [5, 50]);
  const asInverter = ownDocument({ class: "inverter" });
  assert.notEqual(profileIn(asInverter).id, profileIn(wrong).id, "what is production is part of the meaning");
});

Deno.test("words may change under one id, by the device that brought them and by no other", async () => {
  await using gateway = startDeviceGateway();
  const [roof, barn] = [await addSigned(gateway.store, "roof"), await addSigned(gateway.store, "barn")];
  const { id } = profileIn(ownDocument());
  const word = () => {
    const map = createLearnedProfiles(gateway.store.db).profileOf(id);
    return map?.registers.find(({ name }) => name === "State")?.values?.get(1)?.text;
  };
  const said: (string | undefined)[] = [];
  for (const [key, text] of [[roof, "running"], [roof, "producing"], [barn, "nonsense"]] as const) {
    const answer = await bring(gateway, key, said.length + 1, ownDocument({ word: text }));
    assert.deepEqual([answer.status, answer.json.profiles], [200, [id]]);
    said.push(word());
  }
  assert.deepEqual(said, ["running", "producing", "producing"]);
});

Deno.test("a document that only looks like a profile, or is too much of one, is refused with its reasons and leaves nothing", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const many = (count: number, one: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${i}`, one]));
  const register = { address: 0, type: "u16", overlaps: true };
  const nested = JSON.parse("[".repeat(40) + "]".repeat(40));
  const table: readonly (readonly [document: unknown, status: number, place: string | undefined])[] = [
    ["a text", 400, "document"],
    [{}, 422, "profile"],
    [ownDocument({ registers: { GridW: { address: 70_000, type: "i16" } } }), 422, "registers.GridW.address"],
    [ownDocument({ colour: "red" }), 422, ""],
    [ownDocument({ derive: { Loop: { is: "Loop + 1" } } }), 422, "derive.Loop.is"],
    [ownDocument({ registers: many(513, register), poll: {} }), 422, "registers"],
    [ownDocument({ variants: { by: "State", of: many(17, { when: [1] }) } }), 422, "variants.of"],
    [ownDocument({ quirks: [nested] }), 400, undefined],
    [ownDocument({ registers: many(5_000, register), poll: {} }), 413, undefined],
    [ownDocument({ sources: ["ü".repeat(MAX_PROFILE_BYTES)] }), 413, undefined],
  ];
  for (const [index, [document, status, place]] of table.entries()) {
    const answer = await bring(gateway, key, index + 1, document);
    assert.deepEqual([answer.status, answer.signed], [status, true], JSON.stringify(answer.json));
    if (place !== undefined) assert.equal(answer.json.errors?.[0]?.path, place, JSON.stringify(answer.json));
  }
  assert.deepEqual(learnedIds(gateway), []);
});

Deno.test("a device brings so many profiles, and what no sample needs makes room", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  let sequence = 0;
  const documents = Array.from({ length: 34 }, (_, i) => ownDocument({ scale: i + 1 }));
  for (const [index, document] of documents.slice(0, 32).entries()) {
    assert.equal((await bring(gateway, key, ++sequence, document)).status, 200);
    if (index === 31) continue; // no sample of this one
    const blocks = upload("roof", blockWith(index + 1, document, index));
    assert.equal((await send(gateway, signedPost(gateway, key, ++sequence, blocks))).status, 200);
  }
  assert.equal(
    (await bring(gateway, key, ++sequence, documents[32])).status,
    200,
    "instead of the one without samples",
  );
  await send(gateway, signedPost(gateway, key, ++sequence, upload("roof", blockWith(99, documents[32] ?? {}, 1))));
  const refused = await bring(gateway, key, ++sequence, documents[33]);
  assert.deepEqual([refused.status, /as many as one may/.test(refused.json.detail)], [422, true]);
  assert.equal(learnedIds(gateway).length, 32);
  const barn = await addSigned(gateway.store, "barn");
  assert.equal((await bring(gateway, barn, 1, documents[33])).status, 200, "others are not counted with it");
});

Deno.test("a profile goes when no sample needs it any more, and not before it had time to", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const used = ownDocument(), unused = ownDocument({ scale: 7 });
  await bring(gateway, key, 1, used);
  await bring(gateway, key, 2, unused);
  await send(gateway, signedPost(gateway, key, 3, upload("roof", blockWith(1, used, 5))));
  const { db } = gateway.store;
  const forget = (now: number, keptMs?: number) => {
    return transaction(db, () => createLearnedProfiles(db).forget(now, keptMs));
  };
  assert.equal(forget(Date.now() + 6 * DAY), 0);
  assert.equal(forget(Date.now() + 8 * DAY), 1);
  assert.deepEqual(learnedIds(gateway), [profileIn(used).id]);
  db.exec("DELETE FROM sample_block");
  assert.equal(forget(Date.now() + 8 * DAY), 0, "its day is summed up, and that is kept for ever");
  assert.equal(forget(Date.now() + 8 * DAY, 9 * DAY), 0);
  assert.equal(forget(Date.now() + 8 * DAY, 7 * DAY), 1);
  const late = await send(gateway, signedPost(gateway, key, 4, upload("roof", blockWith(2, used, 6))));
  assert.deepEqual([late.status, late.json.errors[0].path], [422, "blocks[0].profile"], "it is asked for again");
});

Deno.test("a device brings profiles for itself only", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const body = { device_id: "barn", document: ownDocument() };
  assert.equal((await send(gateway, signedPost(gateway, key, 1, body, "/profiles"))).status, 403);
  assert.deepEqual(learnedIds(gateway), []);
});
