import assert from "node:assert/strict";
import { toHex, utf8 } from "../../crypto/bytes.ts";
import { createKeyVault, openKeyVault } from "../../keys/key_vault.ts";
import { systemRandom } from "../../platform/random.ts";
import { noteDiskCalls } from "../fakes/disk_calls.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

const secret = utf8("test secret of a device");

Deno.test("a sealed secret opens in its own context alone, whole, and with the same master key", async () => {
  const vault = await createKeyVault(systemRandom.bytes(32), systemRandom);
  const sealed = await vault.seal(secret, "device key roof/1");
  assert.deepEqual(await vault.unseal(sealed, "device key roof/1"), secret);
  assert.equal(await vault.unseal(sealed, "device key barn/1"), undefined);
  assert.equal(await vault.unseal(sealed.subarray(0, -1), "device key roof/1"), undefined);
  for (const length of [0, 1, 11, 12, 27]) {
    assert.equal(await vault.unseal(sealed.slice(0, length), "device key roof/1"), undefined, `${length} bytes`);
  }
  const other = await createKeyVault(systemRandom.bytes(32), systemRandom);
  assert.equal(await other.unseal(sealed, "device key roof/1"), undefined);
});

Deno.test("no two secrets are sealed with one nonce", async () => {
  const vault = await createKeyVault(systemRandom.bytes(32), systemRandom);
  const sealed = await Promise.all(Array.from({ length: 20 }, () => vault.seal(secret, "the same")));
  assert.equal(new Set(sealed.map((bytes) => toHex(bytes.subarray(0, 12)))).size, 20);
});

for (const length of [0, 16, 31, 33]) {
  Deno.test(`a master key of ${length} bytes is refused`, async () => {
    await assert.rejects(createKeyVault(systemRandom.bytes(length), systemRandom), /has \d+ bytes, needed are 32/);
  });
}

Deno.test("a new master key is for its owner alone, and durable before anything is sealed with it", async () => {
  await using folder = await temporaryDirectory();
  using disk = noteDiskCalls();
  const vault = await openKeyVault(folder.path, systemRandom);
  assert.deepEqual(disk.atRisk(), []);
  const path = `${folder.path}/master.key`;
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["master.key"]);
  const again = await openKeyVault(folder.path, systemRandom);
  assert.deepEqual(await again.unseal(await vault.seal(secret, "x"), "x"), secret);
});

Deno.test("of two processes that make the master key at once, both use the first one's", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/master.key`;
  const first = systemRandom.bytes(32);
  const random = {
    ...systemRandom,
    bytes(length: number) {
      Deno.writeFileSync(path, first, { mode: 0o600 }); // the other process, after this one found no key
      return systemRandom.bytes(length);
    },
  };
  const vault = await openKeyVault(folder.path, random);
  assert.deepEqual(await Deno.readFile(path), first);
  const other = await createKeyVault(first, systemRandom);
  assert.deepEqual(await other.unseal(await vault.seal(secret, "x"), "x"), secret);
});
