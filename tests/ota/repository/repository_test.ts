import assert from "node:assert/strict";
import { join } from "node:path";
import { type Bytes, fromBase64, toHex } from "../../../crypto/bytes.ts";
import { decryptAesCbc, importAesKey } from "../../../crypto/aes_cbc.ts";
import { importRsaPrivateKey, importRsaPublicKey, verifyRsa } from "../../../crypto/rsa.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { writeKeySet } from "../../../keys/firmware_keys.ts";
import { signImage } from "../../../ota/repository/offline_signing.ts";
import { keysFolder, openRepository } from "../../../ota/repository/repository.ts";
import type { FirmwareRepository } from "../../../ota/repository/firmware_repository.ts";
import { systemRandom } from "../../../platform/random.ts";
import { MAX_WHOLE_IMAGE_BYTES } from "../../../ota/manifest/limits.ts";
import { verifyChunkHmac } from "../../../ota/chunks/chunk_hmac.ts";
import { importChunkKey } from "../../../keys/chunk_key.ts";
import { BoardManifest, type Firmware, NewFirmware } from "../../../ota/manifest/firmware.ts";
import { readManifest, signManifest, verifyManifest } from "../../../ota/manifest/manifest.ts";
import { testWith } from "../../needs.ts";
import { BOARD_FILES, boardKeys, image, imageBytes, once, openFixture, testKeys } from "../fixture.ts";

const NODE = NewFirmware.parse({ model: "ecowatt-node", version: "1.2.0" });

async function download(repository: FirmwareRepository, firmware: Firmware): Promise<Bytes> {
  const key = await importChunkKey(
    firmware.keys === "boards" ? (await boardKeys()).chunk : testKeys.chunk,
    firmware.audience,
  );
  const chunks: Uint8Array[] = [];
  for (let n = 0; n < firmware.total_chunks; n++) {
    const chunk = await repository.chunk(firmware, n) ?? assert.fail();
    assert.equal(await verifyChunkHmac(key, chunk.data, n, chunk.hmac), true);
    chunks.push(chunk.data);
  }
  assert.equal(await repository.chunk(firmware, firmware.total_chunks), undefined);
  return new Uint8Array(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer());
}

for (const size of [1, 15, 16, 17, 65_535, 65_520, 65_536, 200_000]) {
  Deno.test(`an image of ${size} bytes comes back out of its chunks, with all that proves it`, async () => {
    await using fixture = await openFixture();
    const { repository } = fixture;
    const added = await repository.add(image(size), NODE);
    assert.ok(added.ok);
    const firmware = added.value;
    const encrypted = await download(repository, firmware);
    assert.equal(encrypted.length, firmware.encrypted_size);
    const { aes, publicPem } = testKeys;
    const plain = await decryptAesCbc(await importAesKey(aes), fromBase64(firmware.iv) ?? assert.fail(), encrypted);
    assert.deepEqual(plain, imageBytes(size));
    assert.equal(firmware.sha256_hash, toHex(sha256(imageBytes(size))));
    const publicKey = await importRsaPublicKey(publicPem) ?? assert.fail();
    assert.ok(await verifyRsa(publicKey, imageBytes(size), fromBase64(firmware.signature ?? "") ?? assert.fail()));
    const { manifest, manifest_signature } = firmware;
    const read = await verifyManifest(
      { manifest: manifest ?? "", manifest_signature: manifest_signature ?? "" },
      publicKey,
    );
    assert.ok(read.ok && read.value.sequence === 1 && read.value.sha256_hash === firmware.sha256_hash);
    assert.equal((await repository.verify(firmware)).ok, true);
  });
}

Deno.test("an image too large to be signed whole is, once, for the first older node that asks", async () => {
  await using fixture = await openFixture();
  const { repository, dataDir } = fixture;
  const size = MAX_WHOLE_IMAGE_BYTES + 1;
  const added = await repository.add(image(size, 65_536), NODE);
  assert.ok(added.ok);
  const { signature, ...firmware } = added.value;
  assert.equal(signature, null);
  assert.equal((await repository.verify(added.value)).ok, true);
  const key = await importRsaPublicKey(testKeys.publicPem) ?? assert.fail();
  const [older, atOnce] = await Promise.all([1, 2].map(() => repository.forOlderNodes(added.value)));
  assert.ok(older?.ok && atOnce?.ok);
  assert.deepEqual(atOnce.value, older.value);
  const { manifest, manifest_signature } = older.value;
  const read = await verifyManifest(
    { manifest: manifest ?? "", manifest_signature: manifest_signature ?? "" },
    key,
  );
  assert.ok(read.ok && read.value.signature === older.value.signature);
  const proof = fromBase64(read.value.signature ?? "") ?? assert.fail();
  assert.ok(await verifyRsa(key, imageBytes(size), proof));
  assert.deepEqual({
    ...older.value,
    signature,
    manifest: firmware.manifest,
    manifest_signature: firmware.manifest_signature,
  }, added.value);
  await Deno.remove(join(keysFolder(dataDir), "default/signing_private.pem"));
  const again = openRepository({ dataDir, random: systemRandom, clock: { now: () => 1_000 } });
  assert.deepEqual(await again.forOlderNodes(added.value), older, "it was kept");
  assert.deepEqual(again.list(), [added.value], "and is no image of its own");
});

Deno.test("without the private key older nodes are given nothing they would not take", async () => {
  await using fixture = await openFixture();
  const { repository, dataDir } = fixture;
  const added = await repository.add(image(MAX_WHOLE_IMAGE_BYTES + 1, 65_536), NODE);
  assert.ok(added.ok);
  await Deno.remove(join(keysFolder(dataDir), "default/signing_private.pem"));
  const again = openRepository({ dataDir, random: systemRandom, clock: { now: () => 1_000 } });
  const older = await again.forOlderNodes(added.value);
  assert.equal(older.ok ? "" : older.fault, "keys");
});

Deno.test("sequences go up by themselves, and never down", async () => {
  await using fixture = await openFixture();
  const { repository } = fixture;
  const sequences = [];
  for (
    const [version, sequence] of [["1.0.0", undefined], ["1.1.0", 10], ["1.2.0", undefined], ["1.3.0", 11]] as const
  ) {
    const added = await repository.add(image(10), {
      ...NODE,
      version,
      ...(sequence === undefined ? {} : { sequence }),
    });
    sequences.push(added.ok ? added.value.sequence : added.fault);
  }
  assert.deepEqual(sequences, [1, 10, 11, "sequence"]);
  const twice = await repository.add(image(10), { ...NODE, version: "1.0.0" });
  assert.equal(twice.ok ? "" : twice.fault, "exists");
  assert.deepEqual(repository.list().map(({ version }) => version), ["1.0.0", "1.1.0", "1.2.0"]);
  assert.equal(await repository.remove("ecowatt-node", "1.1.0"), true);
  assert.equal(await repository.remove("ecowatt-node", "1.1.0"), false);
  assert.equal(repository.find("ecowatt-node", "1.1.0"), undefined);
});

Deno.test("a sequence is never given again: not after its image is removed, nor after a restart, nor to a signed one", async () => {
  await using fixture = await openFixture();
  const { repository, dataDir } = fixture;
  const next = async (version: string, sequence?: number, { add } = repository) => {
    const added = await add(image(10), { ...NODE, version, ...(sequence === undefined ? {} : { sequence }) });
    return added.ok ? added.value.sequence : added.fault;
  };
  assert.equal(await next("1.0.0"), 1);
  assert.equal(await next("1.1.0"), 2);
  await repository.remove("ecowatt-node", "1.1.0");
  assert.equal(await next("1.1.0"), 3, "the same version as well");
  await repository.remove("ecowatt-node", "1.1.0");
  await repository.remove("ecowatt-node", "1.0.0");
  const other = await repository.add(image(10), { ...NODE, model: "ecowatt" });
  assert.ok(other.ok && other.value.sequence === 1, "each model has its own");
  const again = openRepository({ dataDir, random: systemRandom, clock: { now: () => 1_000 } });
  assert.equal(await next("1.2.0", 3, again), "sequence");
  assert.equal(await next("1.2.0", undefined, again), 4);
  await again.remove("ecowatt-node", "1.2.0");
  const key = await importRsaPrivateKey(testKeys.privatePem ?? "") ?? assert.fail();
  for (const [sequence, fault] of [[4, "sequence"], [9, ""]] as const) {
    const signed = await signImage(() => Promise.resolve(image(10)), { ...NODE, version: "1.3.0", sequence }, {
      key,
      random: systemRandom,
    });
    assert.ok(signed.ok);
    const added = await again.addSigned(image(10), signed.value, { keys: "default" });
    assert.equal(added.ok ? "" : added.fault, fault);
  }
  await again.remove("ecowatt-node", "1.3.0");
  assert.equal(await next("1.4.0", undefined, again), 10, "the signed one's counts as well");
  assert.deepEqual(
    [...Deno.readDirSync(join(dataDir, "firmware"))].map(({ name }) => name).toSorted(),
    [".sequence-ecowatt-node@9", "ecowatt-node@1.4.0", "ecowatt@1.2.0"],
    "one mark a model",
  );
});

Deno.test("images that are added at once all get a sequence, each its own", async () => {
  await using fixture = await openFixture();
  const { repository } = fixture;
  const versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
  const added = await Promise.all(versions.map((version) => repository.add(image(10), { ...NODE, version })));
  assert.deepEqual(added.map((one) => one.ok && one.value.sequence).toSorted(), [1, 2, 3, 4]);
});

Deno.test("an image signed on another machine is taken with the public key alone", async () => {
  await using fixture = await openFixture();
  const { privatePem = "", ...publicOnly } = testKeys;
  await writeKeySet(keysFolder(fixture.dataDir), "offline", publicOnly);
  const key = await importRsaPrivateKey(privatePem) ?? assert.fail();
  const signed = await signImage(() => Promise.resolve(image(100_000)), { ...NODE, sequence: 5 }, {
    key,
    random: systemRandom,
  });
  assert.ok(signed.ok);
  const { repository } = fixture;
  const keys = { keys: "offline" };
  const attempts: [string, Promise<{ ok: boolean; fault?: string }>][] = [
    ["keys", repository.add(image(100_000), { ...NODE, keys: "offline" })],
    ["sha256", repository.addSigned(once(imageBytes(100_000).with(5, 0)), signed.value, keys)],
    ["size", repository.addSigned(image(99_999), signed.value, keys)],
    ["empty", repository.addSigned(image(0), signed.value, keys)],
    ["manifest", repository.addSigned(image(100_000), { ...signed.value, manifest_signature: "" }, keys)],
    ["keys", repository.addSigned(image(100_000), signed.value, { keys: "nowhere" })],
  ];
  for (const [fault, attempt] of attempts) assert.equal((await attempt).fault, fault);
  assert.deepEqual(repository.list(), [], "nothing of those is offered");
  const added = await repository.addSigned(image(100_000), signed.value, keys);
  assert.ok(added.ok && added.value.sequence === 5 && added.value.manifest === signed.value.manifest);
  assert.equal((await repository.verify(added.value)).ok, true);
});

Deno.test("an image that is changed on the disk is found out", async () => {
  await using fixture = await openFixture();
  const { repository, dataDir } = fixture;
  const added = await repository.add(image(100_000), NODE);
  assert.ok(added.ok);
  const path = join(dataDir, "firmware", "ecowatt-node@1.2.0", "image.bin");
  const good = await Deno.readFile(path);
  const changes: [string, Uint8Array][] = [
    ["sha256", good.with(20, 0xff ^ (good[20] ?? 0))],
    ["size", good.subarray(0, -16)],
    ["padding", good.with(good.length - 17, 0xff ^ (good.at(-17) ?? 0))], // its last byte in the block before: never padding
    ["size", new Uint8Array(0)],
  ];
  for (const [fault, bytes] of changes) {
    await Deno.writeFile(path, bytes);
    const verified = await repository.verify(added.value);
    assert.equal(verified.ok ? "good" : verified.fault, fault);
  }
});

Deno.test("an upload that breaks off leaves nothing", async () => {
  await using fixture = await openFixture();
  const { repository, dataDir } = fixture;
  async function* broken() {
    yield* image(50_000);
    throw new Error("the line went dead");
  }
  await assert.rejects(repository.add(broken(), NODE), /dead/);
  assert.deepEqual([...Deno.readDirSync(join(dataDir, "firmware"))], []);
});

const needs = Object.values(BOARD_FILES);

testWith(needs, "the boards' own image is imported and passes through byte for byte", async () => {
  await using fixture = await openFixture();
  const { repository, dataDir } = fixture;
  await writeKeySet(keysFolder(dataDir), "boards", await boardKeys());
  const bytes = await Deno.readFile(BOARD_FILES.image.url);
  const manifest = BoardManifest.parse(JSON.parse(await Deno.readTextFile(BOARD_FILES.manifest.url)));
  const to = { model: "ESP32_EcoWatt", keys: "boards" };
  const attempts: [string, Uint8Array, BoardManifest][] = [
    ["size", bytes.subarray(0, -16), manifest],
    ["size", new Uint8Array([...bytes, 0]), manifest],
    ["sha256", bytes.with(5_000, 1 ^ (bytes[5_000] ?? 0)), manifest],
    ["sha256", bytes, { ...manifest, sha256_hash: "0".repeat(64) }],
    ["sha256", bytes, { ...manifest, iv: "AAAAAAAAAAAAAAAAAAAAAA==" }],
    ["signature", bytes, { ...manifest, signature: manifest.signature.replace(/^..../, "AAAA") }],
  ];
  for (const [fault, body, claimed] of attempts) {
    const refused = await repository.importBoard(once(body), claimed, to);
    assert.equal(refused.ok ? "taken" : refused.fault, fault);
  }
  const added = await repository.importBoard(once(bytes), manifest, to);
  assert.ok(added.ok);
  assert.deepEqual(await download(repository, added.value), bytes);
  assert.equal((await repository.verify(added.value)).ok, true);
});

testWith(needs, "the older image of the boards is refused: its signature is not PKCS#1 v1.5", async () => {
  await using fixture = await openFixture();
  await writeKeySet(keysFolder(fixture.dataDir), "boards", await boardKeys());
  const bytes = await Deno.readFile(BOARD_FILES.oldImage.url);
  const manifest = BoardManifest.parse(JSON.parse(await Deno.readTextFile(BOARD_FILES.oldManifest.url)));
  const refused = await fixture.repository.importBoard(once(bytes), manifest, {
    model: "ESP32_EcoWatt",
    keys: "boards",
  });
  assert.ok(!refused.ok && refused.fault === "signature");
  assert.match(refused.detail, /PKCS#1 v1\.5/);
  assert.deepEqual(fixture.repository.list(), []);
});

Deno.test("an image that was too large to be signed as a whole is taken with its signed manifest, and found out when changed", async () => {
  await using fixture = await openFixture();
  const { repository } = fixture;
  const key = await importRsaPrivateKey(testKeys.privatePem ?? "") ?? assert.fail();
  const made = await signImage(() => Promise.resolve(image(100_000)), { ...NODE, sequence: 5 }, {
    key,
    random: systemRandom,
  });
  assert.ok(made.ok);
  const read = readManifest(made.value.manifest);
  assert.ok(read.ok);
  const { signature: _, ...manifest } = read.value;
  const signed = await signManifest(manifest, key);
  const other = await repository.addSigned(once(imageBytes(100_000).with(5, 0)), signed, { keys: "default" });
  assert.equal(other.ok ? "" : other.fault, "sha256");
  const added = await repository.addSigned(image(100_000), signed, { keys: "default" });
  assert.ok(added.ok);
  assert.equal(added.value.signature, null);
  assert.equal((await repository.verify(added.value)).ok, true);
  const foreign = await repository.verify({ ...added.value, manifest_signature: `${"A".repeat(342)}==` });
  assert.equal(foreign.ok ? "" : foreign.fault, "manifest");
});

Deno.test("of images that come side by side under one version, or one sequence, the first that is whole has it", async () => {
  await using fixture = await openFixture();
  const { repository } = fixture;
  const ends = async (...details: readonly Partial<typeof NODE>[]) => {
    const added = await Promise.all(details.map((one) => repository.add(image(10), { ...NODE, ...one })));
    return added.map((one) => one.ok ? "ok" : one.fault).toSorted();
  };
  assert.deepEqual(await ends({ version: "2.0.0" }, { version: "2.0.0" }), ["exists", "ok"]);
  const same = [{ version: "2.1.0", sequence: 50 }, { version: "2.2.0", sequence: 50 }];
  assert.deepEqual(await ends(...same), ["ok", "sequence"]);
  assert.deepEqual(repository.list().map(({ sequence }) => sequence), [1, 50]);
});
