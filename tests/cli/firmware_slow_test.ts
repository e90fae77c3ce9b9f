import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../cli/program.ts";
import { writeKeySet } from "../../keys/firmware_keys.ts";
import { testWith } from "../needs.ts";
import { BOARD_FILES, imageBytes, testKeys } from "../ota/fixture.ts";

/** A shell on a machine with a gateway's data directory. */
async function shell(): Promise<AsyncDisposable & { readonly folder: string; run(...args: string[]): Promise<Ran> }> {
  const folder = await Deno.makeTempDir();
  await writeKeySet(join(folder, "gateway", "firmware-keys"), "default", testKeys);
  return {
    folder,
    async run(...args) {
      let [out, err] = ["", ""];
      const code = await main(args, { out: (text) => out += `${text}\n`, err: (text) => err += `${text}\n` });
      return { code, out, err };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

Deno.test("firmware is added, listed, verified, rolled out and removed from the shell", async () => {
  await using machine = await shell();
  const data = ["--data-dir", machine.folder];
  const run = (...args: string[]) => machine.run(...args, ...data);
  const file = join(machine.folder, "node.bin");
  await Deno.writeFile(file, imageBytes(300_000));
  assert.equal((await run("token", "create", "test")).code, 0);
  assert.match((await run("firmware", "list")).out, /no firmware yet/);
  const added = await run(
    "firmware",
    "add",
    file,
    "--model",
    "ecowatt-node",
    "--version",
    "1.1.0",
    "--min-version",
    "1.0.0",
  );
  assert.equal(added.code, 0, added.err);
  assert.match(added.out, /sequence\s+1\n[^]*300000 bytes, in 2 chunks of 262144/);
  const again = await run("firmware", "add", file, "--model", "ecowatt-node", "--version", "1.1.0");
  assert.deepEqual([again.code, /already/.test(again.err)], [1, true]);
  assert.equal((await run("firmware", "add", file, "--model", "../x", "--version", "1.1.0")).code, 1);
  assert.equal((await run("firmware", "add", file)).code, 2);
  assert.equal((await run("firmware", "add", "/nowhere", "--model", "x", "--version", "1.0.0")).code, 2);
  assert.match((await run("firmware", "verify", "ecowatt-node", "1.1.0")).out, /is good/);

  await run("device", "add", "node-1");
  await run("device", "add", "node-2");
  const started = await run(
    "rollout",
    "start",
    "ecowatt-node",
    "1.1.0",
    "--waves",
    "1/1",
    "--jitter",
    "1h",
    "--window",
    "22:00-04:30",
  );
  assert.equal(started.code, 0, started.err);
  assert.match(started.out, /^Rollout 1: ecowatt-node 1\.1\.0, running, wave 1 of 2\n2 waiting\n/);
  assert.match((await run("firmware", "remove", "ecowatt-node", "1.1.0")).err, /a rollout of it is not over/);
  assert.match((await run("rollout", "pause", "1")).out, /paused, wave 1 of 2: paused by local/);
  assert.match((await run("rollout", "resume", "1")).out, /running/);
  assert.match((await run("rollout", "abort", "1")).out, /aborted by local/);
  assert.match((await run("rollout", "list")).out, /ecowatt-node\s+1\.1\.0\s+aborted/);
  assert.match((await run("firmware", "status", "node-1")).out, /nothing was offered/);
  assert.equal((await run("firmware", "remove", "ecowatt-node", "1.1.0")).code, 0);
  assert.equal((await run("firmware", "show", "ecowatt-node", "1.1.0")).code, 1);
});

Deno.test("an image is signed on one machine and added on another, which has no private key", async () => {
  await using signer = await shell();
  await using gateway = await shell();
  const { privatePem = "", ...publicOnly } = testKeys;
  await writeKeySet(join(gateway.folder, "gateway", "firmware-keys"), "offline", publicOnly);
  const [image, key] = [join(signer.folder, "node.bin"), join(signer.folder, "offline.pem")];
  await Deno.writeFile(image, imageBytes(10_000));
  await Deno.writeTextFile(key, privatePem, { mode: 0o600 });
  const release = ["--model", "ecowatt-node", "--version", "2.0.0", "--sequence", "9"];
  assert.equal((await signer.run("firmware", "sign", image, "--key", key, ...release)).code, 0);
  const to = ["--data-dir", gateway.folder, "--keys", "offline"];
  const unsigned = await gateway.run("firmware", "add", image, "--model", "ecowatt-node", "--version", "2.0.0", ...to);
  assert.match(unsigned.err, /private key is not here/);
  const added = await gateway.run("firmware", "add", image, "--signed", `${image}.signed.json`, "--json", ...to);
  assert.equal(added.code, 0, added.err);
  assert.equal(JSON.parse(added.out).sequence, 9);
  await Deno.chmod(key, 0o644);
  assert.match((await signer.run("firmware", "sign", image, "--key", key, ...release)).err, /others can read it/);
});

Deno.test("firmware keys are made once, and their header is what boards are built with", async () => {
  await using machine = await shell();
  const at = ["--data-dir", machine.folder, "--keys", "boards"];
  assert.equal((await machine.run("keys", "generate", ...at)).code, 0);
  const again = await machine.run("keys", "generate", ...at);
  assert.deepEqual([again.code, /not overwritten/.test(again.err)], [1, true]);
  const { out } = await machine.run("keys", "firmware-header", ...at);
  assert.match(out, /#define HMAC_FOTA_KEY "[0-9a-f]{64}"/);
  assert.equal(
    (await machine.run("keys", "generate", "--data-dir", machine.folder, "--keys", "../x")).code,
    2,
  );
});

testWith(
  Object.values(BOARD_FILES),
  "the boards' image is imported with the keys that they have, and the older one is refused",
  async () => {
    await using machine = await shell();
    const path = ({ url }: { readonly url: URL }) => fileURLToPath(url);
    const at = ["--data-dir", machine.folder, "--keys", "boards"];
    const keys = [
      "--public-key",
      path(BOARD_FILES.publicKey),
      "--aes-key",
      path(BOARD_FILES.aes),
      "--chunk-key",
      path(BOARD_FILES.chunk),
    ];
    assert.equal((await machine.run("keys", "import-firmware", ...keys, ...at)).code, 0);
    const from = (image: { url: URL }, manifest: { url: URL }) =>
      machine.run("firmware", "import", path(image), path(manifest), "--model", "ESP32_EcoWatt", ...at);
    const old = await from(BOARD_FILES.oldImage, BOARD_FILES.oldManifest);
    assert.equal(old.code, 1);
    assert.match(old.err, /signature is not RSA PKCS#1 v1\.5/);
    const taken = await from(BOARD_FILES.image, BOARD_FILES.manifest);
    assert.equal(taken.code, 0, taken.err);
    assert.match(taken.out, /1000 chunks of 1024/);
    assert.match(
      (await machine.run("firmware", "verify", "ESP32_EcoWatt", "1.0.4", "--data-dir", machine.folder)).out,
      /is good/,
    );
  },
);
