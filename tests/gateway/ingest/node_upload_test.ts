import assert from "node:assert/strict";
import {
  addSigned,
  blockOf,
  send,
  signedPost,
  someSamples,
  startDeviceGateway,
  storedSamples,
  upload,
} from "../../fakes/device_gateway.ts";

Deno.test("a signed upload is stored with its number, log and blocks, and its answer is signed", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const answer = await send(
    gateway,
    signedPost(gateway, key, 1, upload("roof", blockOf(1, someSamples()), blockOf(2, someSamples()))),
  );
  assert.equal(answer.status, 200);
  assert.ok(answer.signed);
  const { message: _, ...told } = answer.json;
  assert.deepEqual(told, {
    status: "success",
    device_id: "roof",
    compression_system: "ecowatt-block/1",
    registers: ["REG_VAC1", "REG_PAC"],
    processed_entries: 2,
    total_samples_processed: 10,
    decompression_successes: 2,
    success_rate_percent: 100,
    total_power_watts: 10200,
    average_power_watts: 1020,
    mqtt_topic: "esp32/ecowatt_data",
    mqtt_published: false,
    accepted_blocks: [1, 2],
    duplicate_blocks: [],
  });
  assert.equal(storedSamples(gateway.store), 10);
  const [logged] = gateway.store.stores.securityLog.latest({ deviceIds: ["roof"], limit: 5 });
  assert.deepEqual([logged?.reason, logged?.sequence, logged?.path, logged?.address], [
    "ok",
    1,
    "/process",
    "127.0.0.1",
  ]);
});

Deno.test("a block that is sent again is stored once, also after a restart, and the others with it are stored", async () => {
  const first = startDeviceGateway();
  const key = await addSigned(first.store, "roof");
  await send(first, signedPost(first, key, 1, upload("roof", blockOf(1, someSamples()))));
  await using second = await first.restart();
  const answer = await send(
    second,
    signedPost(second, key, 2, upload("roof", blockOf(1, someSamples()), blockOf(2, someSamples()))),
  );
  assert.deepEqual([answer.json.accepted_blocks, answer.json.duplicate_blocks], [[2], [1]]);
  assert.equal(answer.json.next_block, 3);
  assert.equal(storedSamples(second.store), 10);
});

Deno.test("the same block id of two devices are two blocks", async () => {
  await using gateway = startDeviceGateway();
  for (const name of ["roof", "garage"]) {
    const answer = await send(
      gateway,
      signedPost(gateway, await addSigned(gateway.store, name), 1, upload(name, blockOf(1, someSamples()))),
    );
    assert.deepEqual(answer.json.accepted_blocks, [1]);
  }
  assert.equal(storedSamples(gateway.store), 10);
});

const good = blockOf(1, someSamples());
const bad: readonly [string, Record<string, unknown>, string][] = [
  ["a payload that is no block", { payload: "/////w==" }, "payload"],
  ["a payload that is cut", { payload: `${String(good["payload"]).slice(0, 8)}` }, "payload"],
  ["a payload with bytes behind its end", { payload: "AAAA" + String(good["payload"]) }, "payload"],
  ["a count that differs", { count: 6 }, "payload"],
  ["a start that differs", { start_ms: 1_780_000_000_001 }, "start_ms"],
  ["an end that differs", { end_ms: 1_780_000_008_001 }, "end_ms"],
  ["a profile nobody knows", { profile: "toaster" }, "profile"],
  ["a register the profile has not", { registers: ["Vac1", "Vac9"] }, "registers[1]"],
  ["a register under two spellings", { registers: ["Vac1", "REG_VAC1"] }, "registers[1]"],
  ["another number of columns", { registers: ["Vac1"] }, "payload"],
];

Deno.test("a bad block is named with 422, nothing of the upload is stored, and the good ones can be sent again", async (t) => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  let sequence = 1;
  for (const [name, change, path] of bad) {
    await t.step(name, async () => {
      const body = upload("roof", { ...good, block_id: 100 }, { ...good, block_id: 101, ...change });
      const answer = await send(gateway, signedPost(gateway, key, sequence++, body));
      assert.equal(answer.status, 422);
      assert.ok(answer.signed);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.deepEqual(answer.json.errors.map((error: { path: string }) => error.path), [`blocks[1].${path}`]);
      assert.equal(storedSamples(gateway.store), 0);
    });
  }
  const again = await send(gateway, signedPost(gateway, key, sequence, upload("roof", { ...good, block_id: 100 })));
  assert.deepEqual(again.json.accepted_blocks, [100]);
});

Deno.test("a full disk ends in 503 with Retry-After, and the same upload succeeds when there is room", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const pages = Number(gateway.store.db.prepare("PRAGMA page_count").get()?.["page_count"]);
  gateway.store.db.exec(`PRAGMA max_page_count = ${pages}`);
  const samples = Array.from(
    { length: 5000 },
    (_, i) => ({ at: 1_780_000_000_000 + i * 2000, values: [i * 7919 % 65536, i * 104729 % 65536] }),
  );
  const post = await signedPost(gateway, key, 1, upload("roof", blockOf(1, samples)));
  const refused = await send(gateway, post);
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal(storedSamples(gateway.store), 0);
  gateway.store.db.exec("PRAGMA max_page_count = 1000000");
  const accepted = await send(gateway, post); // its number was not used up
  assert.deepEqual([accepted.status, accepted.json.accepted_blocks], [200, [1]]);
  assert.equal(storedSamples(gateway.store), 5000);
});
