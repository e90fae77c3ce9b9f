import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../crypto/bytes.ts";
import { openKeyVault } from "../../keys/key_vault.ts";
import {
  createSecretFile,
  readHexKey,
  readSecret,
  readSecretFile,
  replaceSecretFile,
  SecretFileError,
  writeNewSecretFile,
} from "../../keys/secret_file.ts";
import { systemRandom } from "../../platform/random.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await body(folder);
  await Deno.remove(folder, { recursive: true });
}

function modeOf(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}

function withCode(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SecretFileError);
    assert.equal(error.code, code);
    assert.ok(!error.message.includes("s3cret"));
    return true;
  };
}

Deno.test("a secret is in a file of mode 0600 and comes back; a file that is there is never overwritten by a new one", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "token");
    await writeNewSecretFile(path, "s3cret");
    assert.equal(modeOf(path), 0o600);
    assert.equal(await readSecretFile(path), "s3cret");
    await assert.rejects(writeNewSecretFile(path, "another"), withCode("exists"));
    assert.equal(await readSecretFile(path), "s3cret");
    await replaceSecretFile(path, "the next");
    assert.equal(modeOf(path), 0o600);
    assert.equal(await readSecretFile(path), "the next");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["token"], "nothing else is left");
  });
});

Deno.test("of many that make a secret at the same time one is in time, and all find the same", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "master.key");
    const made = await Promise.all([1, 2, 3, 4, 5].map((value) => createSecretFile(path, Uint8Array.of(value))));
    assert.equal(made.filter((one) => one).length, 1);
    assert.deepEqual(await readSecret(path), Uint8Array.of(made.indexOf(true) + 1));
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["master.key"]);
  });
});

Deno.test("a file that cannot be used says why, and never what is in it", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "token");
    await assert.rejects(readSecretFile(path), withCode("missing"));
    await assert.rejects(writeNewSecretFile(join(folder, "no", "folder"), "s3cret"), withCode("missing"));
    await assert.rejects(createSecretFile(join(folder, "no", "folder"), utf8("s3cret")), withCode("missing"));
    await writeNewSecretFile(path, "s3cret");
    await assert.rejects(readHexKey(path), withCode("not_hex"));
    await Deno.chmod(path, 0o640);
    await assert.rejects(readSecretFile(path), withCode("open_to_others"));
    const warnings: string[] = [];
    assert.deepEqual(await readSecret(path, (warning) => warnings.push(warning)), utf8("s3cret\n"));
    assert.match(warnings.join(), /its mode is 0640, others can read it; chmod 600/);
  });
});

Deno.test("a gateway goes on with a master key that others can read, and says so", async () => {
  await inFolder(async (folder) => {
    const warnings: string[] = [];
    const open = () => openKeyVault(folder, systemRandom, (warning) => warnings.push(warning));
    const sealed = await (await open()).seal(utf8("s3cret"), "roof");
    assert.equal(modeOf(join(folder, "master.key")), 0o600);
    assert.deepEqual(warnings, []);
    await Deno.chmod(join(folder, "master.key"), 0o660);
    assert.deepEqual(await (await open()).unseal(sealed, "roof"), utf8("s3cret"));
    assert.match(warnings.join(), /master.key should be read by its owner only: its mode is 0660/);
  });
});
