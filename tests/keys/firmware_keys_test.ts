import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../crypto/bytes.ts";
import { firmwareHeader } from "../../keys/c_header.ts";
import { openKeySet, readKeyMaterial, writeKeySet } from "../../keys/firmware_keys.ts";
import { noteDiskCalls } from "../fakes/disk_calls.ts";
import { testKeys } from "../ota/fixture.ts";

Deno.test("keys are kept in files that only their owner reads, and never overwritten", async () => {
  const folder = await Deno.makeTempDir();
  const material = testKeys;
  {
    using disk = noteDiskCalls();
    await writeKeySet(folder, "default", material);
    assert.deepEqual(disk.atRisk(), [], "devices are given them at once");
  }
  assert.equal(((await Deno.stat(join(folder, "default"))).mode ?? 0) & 0o777, 0o700);
  for await (const { name } of Deno.readDir(join(folder, "default"))) {
    assert.equal(((await Deno.stat(join(folder, "default", name))).mode ?? 0) & 0o777, 0o600, name);
  }
  assert.deepEqual(await readKeyMaterial(folder, "default"), material);
  const before = await Deno.readTextFile(join(folder, "default", "image_aes.key"));
  await assert.rejects(writeKeySet(folder, "default", { ...material, aes: new Uint8Array(32) }), /not overwritten/);
  assert.equal(await Deno.readTextFile(join(folder, "default", "image_aes.key")), before);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["default"], "no leftovers");
  await Deno.chmod(join(folder, "default", "image_aes.key"), 0o644);
  await assert.rejects(openKeySet(folder, "default"), /others can read it/);
  for (const file of ["image_aes.key", "chunk_hmac.key"]) {
    const path = join(folder, "default", file);
    await Deno.writeTextFile(path, `${"07".repeat(31)}\n`);
    await Deno.chmod(path, 0o600);
    await assert.rejects(
      readKeyMaterial(folder, "default"),
      new RegExp(`${file}: it does not hold a key of 64 hex digits`),
    );
    await Deno.writeTextFile(path, `${"07".repeat(32)}\n`);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("keys that are no keys are refused before anything is written", async () => {
  const folder = await Deno.makeTempDir();
  const material = testKeys;
  const bad = [
    { ...material, publicPem: "x" },
    { ...material, privatePem: "x" },
    { ...material, aes: new Uint8Array(16) },
    { ...material, chunk: new Uint8Array(0) },
  ];
  for (const keys of bad) await assert.rejects(writeKeySet(folder, "default", keys));
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("without a private key images cannot be signed here, and the header has what boards need", async () => {
  const folder = await Deno.makeTempDir();
  const { privatePem, ...material } = testKeys;
  await writeKeySet(folder, "public", material);
  assert.equal((await openKeySet(folder, "public")).privateKey, undefined);
  const header = firmwareHeader("public", await readKeyMaterial(folder, "public"));
  assert.match(header, /-----BEGIN PUBLIC KEY-----\\n"/);
  assert.ok(header.includes(`#define HMAC_FOTA_KEY "${toHex(material.chunk)}"`));
  assert.equal(header.match(/0x[0-9a-f]{2}/g)?.length, 32);
  assert.ok(privatePem && !header.includes("PRIVATE"));
  await Deno.remove(folder, { recursive: true });
});
