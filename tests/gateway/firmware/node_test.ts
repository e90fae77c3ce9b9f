import assert from "node:assert/strict";
import { join } from "node:path";
import { fromBase64 } from "../../../crypto/bytes.ts";
import { importRsaPublicKey, verifyRsa } from "../../../crypto/rsa.ts";
import { verifyChunkHmac } from "../../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../../keys/chunk_key.ts";
import { CheckAnswer } from "../../../ota/manifest/messages.ts";
import { verifyManifest } from "../../../ota/manifest/manifest.ts";
import { MAX_WHOLE_IMAGE_BYTES } from "../../../ota/manifest/limits.ts";
import { imageBytes, testKeys } from "../../ota/fixture.ts";
import type { Node } from "../command/running.ts";
import { type FirmwareFixture, startFirmware } from "./fixture.ts";

const NODE = "node-1";
const check = (node: Node, current_version = "1.0.0", more = {}) =>
  node.post("/ota/check", { device_id: NODE, current_version, ...more });
const chunk = (node: Node, chunk_number: number, version = "1.1.0") =>
  node.post("/ota/chunk", { device_id: NODE, version, chunk_number });
const complete = (node: Node, boot_status: string, more = {}) =>
  node.post("/ota/complete", { device_id: NODE, version: "1.1.0", boot_status, ...more });

async function ready(body: Record<string, unknown> = {}): Promise<FirmwareFixture & { node: Node; id: number }> {
  const fixture = await startFirmware();
  const node = await fixture.gateway.addNode(NODE, null);
  await fixture.add("1.1.0", { min_version: "0.9.0" });
  const id = await fixture.rollOut({ model: "test", version: "1.1.0", ...body });
  return { ...fixture, node, id };
}

Deno.test("a node gets a signed manifest and its chunks in any order, also after a restart of the gateway", async () => {
  await using fixture = await ready();
  const { node, gateway } = fixture;
  const offer = CheckAnswer.parse((await check(node)).json);
  assert.ok(offer.update_available);
  const { publicPem, chunk: raw } = testKeys;
  const signed = { manifest: offer.manifest ?? "", manifest_signature: offer.manifest_signature ?? "" };
  const manifest = await verifyManifest(signed, await importRsaPublicKey(publicPem) ?? assert.fail());
  assert.ok(manifest.ok && manifest.value.total_chunks === 2 && manifest.value.min_version === "0.9.0");
  for (const [number, percentage] of [[1, 50], [1, 50], [0, 100], [1, 100]] as const) {
    const { json, signed } = await chunk(node, number);
    assert.ok(signed);
    assert.equal(json.progress.percentage, percentage);
    const data = fromBase64(json.chunk.data) ?? assert.fail();
    assert.ok(await verifyChunkHmac(await importChunkKey(raw, "node"), data, number, json.chunk.hmac));
    await gateway.restart();
  }
  assert.equal((await node.post("/ota/verify", { device_id: NODE, version: "1.1.0", verified: true })).status, 200);
  assert.equal((await check(node, "1.1.0")).json.update_available, false, "during the trial nothing is offered");
  assert.equal((await fixture.rollout(fixture.id)).phase, "running", "and nothing is believed");
  assert.equal((await complete(node, "success")).status, 200);
  assert.equal((await complete(node, "success")).status, 200, "said again");
  assert.equal((await complete(node, "rolled_back")).status, 409, "it is over");
  assert.equal((await fixture.rollout(fixture.id)).phase, "done");
  assert.deepEqual(await fixture.kinds(NODE), ["offered", "downloading", "downloading", "verified", "confirmed"]);
  const status = (await gateway.ask("GET", "/ota/status")).body;
  assert.deepEqual(status, { active_sessions: 0, sessions: {}, available_versions: ["1.1.0"] });
});

Deno.test("a large image has a signature of its own for nodes of version 0.1 alone, and both take the same chunks", async () => {
  await using fixture = await startFirmware();
  const node = await fixture.gateway.addNode(NODE, null);
  const firmware = await fixture.add("1.1.0", { size: MAX_WHOLE_IMAGE_BYTES + 1, chunk_size: 262_144 });
  await fixture.rollOut({ model: "test", version: "1.1.0" });
  const publicKey = await importRsaPublicKey(testKeys.publicPem) ?? assert.fail();
  const offered = async (more = {}) => {
    const { json, signed } = await check(node, "1.0.0", more);
    assert.ok(signed);
    const { signature, manifest = "", manifest_signature = "" } = json;
    const read = await verifyManifest({ manifest, manifest_signature }, publicKey);
    assert.ok(read.ok);
    assert.equal(read.value.signature, signature);
    return read.value;
  };
  const { signature, ...older } = await offered();
  assert.ok(
    await verifyRsa(publicKey, imageBytes(firmware.original_size), fromBase64(signature ?? "") ?? assert.fail()),
  );
  assert.deepEqual(await offered({ image_signature: false }), older);
});

Deno.test("a rollback is kept with its reason and its last lines, and the image is not offered again", async () => {
  await using fixture = await ready({ abort_after: 1 });
  await check(fixture.node);
  const log = ["first line", "panic: no inverter"];
  assert.equal((await complete(fixture.node, "rolled_back", { reason: "not confirmed in 300 s", log })).status, 200);
  const { phase, reason } = await fixture.rollout(fixture.id);
  assert.equal(phase, "aborted");
  assert.match(reason, /rolled back: not confirmed in 300 s/);
  const { events } = await fixture.update(NODE);
  assert.equal(events[0].detail, "not confirmed in 300 s\nfirst line\npanic: no inverter");
  assert.equal((await check(fixture.node)).json.update_available, false);
});

Deno.test("a verification that failed is tried again later", async () => {
  await using fixture = await ready({ backoff_s: 60 });
  const { node, gateway } = fixture;
  await check(node);
  await node.post("/ota/verify", { device_id: NODE, version: "1.1.0", verified: false, error: "sha256" });
  assert.equal((await check(node)).json.update_available, false);
  assert.equal((await chunk(node, 0)).status, 409);
  await gateway.clock.advance(90_000);
  assert.equal((await check(node)).json.update_available, true);
  assert.deepEqual(await fixture.kinds(NODE), ["offered", "verify_failed", "offered"]);
});

Deno.test("nothing is offered that does not fit, and nobody is offered anything without a rollout", async () => {
  const cases: [string, string, object, string][] = [
    ["the same version", "1.1.0", {}, "updated"],
    ["a newer version", "1.2.0", {}, "left"],
    ["too old for it", "0.8.0", {}, "left"],
    ["a floor at its sequence", "1.0.0", { sequence: 1 }, "left"],
  ];
  for (const [name, version, more, stage] of cases) {
    await using fixture = await ready();
    assert.equal((await check(fixture.node, version, more)).json.update_available, false, name);
    assert.equal((await fixture.rollout(fixture.id)).devices[0].stage, stage, name);
  }
  await using fixture = await ready();
  const other = await fixture.gateway.addNode("node-2", null);
  const answer = await other.post("/ota/check", { device_id: "node-2", current_version: "1.0.0" });
  assert.equal(answer.json.update_available, false);
});

Deno.test("hostile requests are refused by what is wrong with them, and change nothing", async () => {
  await using fixture = await ready();
  const { node, gateway, id } = fixture;
  const stranger = await gateway.addNode("node-2", null);
  await check(node);
  const cases: [string, Promise<{ status: number }>, number][] = [
    ["a path for a version", chunk(node, 0, "../../etc/passwd"), 400],
    ["an escaped path", chunk(node, 0, "1.1.0/..%2f"), 400],
    ["a null byte", chunk(node, 0, "1.1.0\0"), 400],
    ["a version that was not offered", chunk(node, 0, "1.0.9"), 409],
    ["a chunk beyond the last", chunk(node, 2), 422],
    ["a negative chunk", chunk(node, -1), 400],
    ["half a chunk", chunk(node, 0.5), 400],
    ["a version that is none", check(node, "newest"), 400],
    ["a check for another device", stranger.post("/ota/check", { device_id: NODE, current_version: "1.0.0" }), 403],
    [
      "a chunk for another device",
      stranger.post("/ota/chunk", { device_id: NODE, version: "1.1.0", chunk_number: 0 }),
      403,
    ],
    ["a forged verify", stranger.post("/ota/verify", { device_id: NODE, version: "1.1.0", verified: false }), 403],
    [
      "a forged complete",
      stranger.post("/ota/complete", { device_id: NODE, version: "1.1.0", boot_status: "failed" }),
      403,
    ],
    [
      "a chunk without an offer",
      stranger.post("/ota/chunk", { device_id: "node-2", version: "1.1.0", chunk_number: 0 }),
      409,
    ],
    [
      "success without an offer",
      stranger.post("/ota/complete", { device_id: "node-2", version: "1.1.0", boot_status: "success" }),
      409,
    ],
    ["an unknown status", complete(node, "great"), 400],
    ["an endless log", complete(node, "failed", { log: Array(51).fill("x") }), 400],
    ["an unsigned check", gateway.board("/ota/check", { current_version: "1.0.0" }, NODE), 401],
  ];
  for (const [name, request, status] of cases) assert.equal((await request).status, status, name);
  const { phase, counts } = await fixture.rollout(id);
  assert.equal(phase, "running");
  assert.equal(counts.offered, 1);
  assert.equal((await chunk(node, 0)).status, 200, "a good request still works");
});

Deno.test("pausing and aborting stop a download, resuming goes on where it was", async () => {
  await using fixture = await ready();
  const { node, gateway, id } = fixture;
  const change = (kind: string) => gateway.ask("POST", `/api/v1/rollouts/${id}/${kind}`);
  await check(node);
  await chunk(node, 0);
  assert.equal((await change("pause")).body.phase, "paused");
  assert.equal((await change("pause")).status, 409);
  assert.equal((await chunk(node, 1)).status, 409);
  assert.equal((await check(node)).json.update_available, false);
  assert.equal((await change("resume")).body.phase, "running");
  assert.equal((await check(node)).json.update_available, true);
  assert.equal((await chunk(node, 1)).json.progress.percentage, 100);
  assert.equal((await change("abort")).body.phase, "aborted");
  assert.equal((await check(node)).json.update_available, false);
  assert.equal((await change("resume")).status, 409);
});

Deno.test("a device that is removed leaves its rollout, and one that is silent has failed its attempt", async () => {
  await using fixture = await ready({ timeout_s: 60 });
  const { node, gateway, id } = fixture;
  await check(node);
  await gateway.clock.advance(75_000);
  const { stage, reason } = (await fixture.rollout(id)).devices[0];
  assert.deepEqual([stage, reason], ["waiting", "did not report in time"]);
  assert.equal(
    (await gateway.ask("DELETE", `/api/v1/devices/${NODE}`, undefined, "admin").catch(() => null)) === null,
    true,
  );
  await gateway.clock.advance(20_000);
  assert.equal((await fixture.rollout(id)).devices[0].stage, "left");
});

Deno.test("a rollout is refused for what is not there, does not fit, or is under way", async () => {
  await using fixture = await ready();
  const { gateway } = fixture;
  await gateway.addBoard("board-1");
  const start = (body: object) => gateway.ask("POST", "/api/v1/rollouts", { model: "test", version: "1.1.0", ...body });
  assert.equal((await start({ version: "9.9.9" })).status, 404);
  assert.equal((await start({ version: "../1.1.0" })).status, 400);
  assert.equal((await start({ devices: ["nobody"] })).status, 404);
  assert.equal((await start({ devices: ["board-1"] })).status, 422);
  assert.equal((await start({ waves: [{ size: "0%" }] })).status, 400);
  assert.equal((await start({})).status, 409, "node-1 is in a rollout");
  assert.equal(
    (await gateway.ask("POST", "/api/v1/rollouts", { model: "test", version: "1.1.0" }, "viewer")).status,
    403,
  );
});

Deno.test("a chunk comes as bytes for who asks for them, with number and HMAC in signed headers", async () => {
  await using fixture = await ready();
  const { node } = fixture;
  await check(node);
  const { chunk: raw } = testKeys;
  const text = fromBase64((await chunk(node, 1)).json.chunk.data) ?? assert.fail();
  const body = { device_id: NODE, version: "1.1.0", chunk_number: 1 };
  const answer = await node.post("/ota/chunk", body, { accept: "application/octet-stream" });
  assert.equal(answer.status, 200);
  assert.ok(answer.signed, "the whole of it");
  assert.equal(answer.headers.get("content-type"), "application/octet-stream");
  assert.deepEqual(answer.raw, text);
  const [number, total, hmac] = ["number", "total", "hmac"].map((name) => answer.headers.get(`x-${NAMES[name]}`));
  assert.deepEqual([number, total], ["1", "2"]);
  assert.ok(await verifyChunkHmac(await importChunkKey(raw, "node"), answer.raw, 1, hmac ?? ""));
  const none = await node.post("/ota/chunk", { ...body, chunk_number: 9 }, { accept: "application/octet-stream" });
  assert.deepEqual([none.status, none.signed, none.headers.get("content-type")], [
    422,
    true,
    "application/problem+json",
  ]);
});

const NAMES: Readonly<Record<string, string>> = { number: "chunk-number", total: "total-chunks", hmac: "chunk-hmac" };

Deno.test("an image that vanishes in the middle is a signed refusal, whatever is left of it", async () => {
  await using fixture = await ready();
  const { node, gateway } = fixture;
  await check(node);
  const folder = join(gateway.dataDir, "firmware", "test@1.1.0");
  const [image, elsewhere] = [join(folder, "image.bin"), join(gateway.dataDir, "elsewhere.bin")];
  await Deno.rename(image, elsewhere);
  const half = await chunk(node, 0);
  assert.deepEqual([half.status, half.signed], [409, true]);
  await Deno.rename(elsewhere, image);
  assert.equal((await chunk(node, 0)).status, 200, "it is back");
  await Deno.remove(folder, { recursive: true }); // chunk 1 is in memory by now
  const gone = await chunk(node, 1);
  assert.deepEqual([gone.status, gone.signed], [409, true]);
  assert.equal((await check(node)).json.update_available, false, "nor is it offered");
});
