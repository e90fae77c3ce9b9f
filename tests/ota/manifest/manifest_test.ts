import assert from "node:assert/strict";
import { toBase64, toHex, utf8 } from "../../../crypto/bytes.ts";
import { importRsaPrivateKey, importRsaPublicKey, signRsa } from "../../../crypto/rsa.ts";
import { canonicalJson } from "../../../ota/manifest/canonical_json.ts";
import { type Manifest, readManifest, signManifest, verifyManifest } from "../../../ota/manifest/manifest.ts";
import { firmwarePair, strangersPair } from "../../fakes/rsa_keys.ts";

const key = await importRsaPrivateKey(firmwarePair.privatePem) ?? assert.fail();
const publicKey = await importRsaPublicKey(firmwarePair.publicPem) ?? assert.fail();

const MANIFEST: Manifest = {
  format: "ecowatt-firmware/1",
  model: "ecowatt-node",
  version: "1.2.0",
  sequence: 7,
  original_size: 100_000,
  encrypted_size: 100_000 + 16,
  sha256_hash: toHex(new Uint8Array(32)),
  signature: toBase64(new Uint8Array(256)),
  iv: toBase64(new Uint8Array(16)),
  chunk_size: 65_536,
  total_chunks: 2,
};

Deno.test("canonical JSON has one text for an object, RFC 8785", () => {
  assert.equal(canonicalJson({ b: 1, a: 'x"\n', aa: "é" }), '{"a":"x\\"\\n","aa":"é","b":1}');
  for (const bad of [0.5, NaN, -0, 2 ** 53]) assert.throws(() => canonicalJson({ bad }), RangeError);
});

Deno.test("a signed manifest is what was signed", async () => {
  const { signature: _, ...large } = MANIFEST;
  for (const manifest of [MANIFEST, { ...MANIFEST, min_version: "1.0.0" }, large]) {
    const read = await verifyManifest(await signManifest(manifest, key), publicKey);
    assert.deepEqual(read, { ok: true, value: manifest });
  }
});

Deno.test("a manifest is refused with its reason when anything about it is off", async () => {
  const signed = await signManifest(MANIFEST, key);
  const resigned = async (text: string) => ({
    manifest: text,
    manifest_signature: toBase64(await signRsa(key, utf8(text))),
  });
  const changed = (change: object) => resigned(canonicalJson(JSON.parse(JSON.stringify({ ...MANIFEST, ...change }))));
  const cases: [string, { manifest: string; manifest_signature: string }, string][] = [
    [
      "another text",
      { ...signed, manifest: signed.manifest.replace('"sequence":7', '"sequence":8') },
      "manifest_signature",
    ],
    ["an empty signature", { ...signed, manifest_signature: "" }, "manifest_signature"],
    [
      "a short signature",
      { ...signed, manifest_signature: signed.manifest_signature.slice(0, 40) },
      "manifest_signature",
    ],
    ["not Base64", { ...signed, manifest_signature: "?" }, "manifest_signature"],
    ["too long", await resigned(" ".repeat(9_000)), "manifest_size"],
    ["white space", await resigned(`${signed.manifest} `), "manifest_form"],
    ["no JSON", await resigned("x"), "manifest_form"],
    ["a key more", await changed({ extra: 1 }), "manifest_form"],
    ["another format", await changed({ format: "ecowatt-firmware/2" }), "manifest_form"],
    ["a path for a version", await changed({ version: "../1.0.0" }), "manifest_form"],
    ["a path for a model", await changed({ model: "../x" }), "manifest_form"],
    ["chunks that do not agree", await changed({ total_chunks: 3 }), "manifest_form"],
    ["an encrypted size that does not agree", await changed({ encrypted_size: 100_032 }), "manifest_form"],
    ["endless", await changed({ original_size: 2 ** 40 }), "manifest_form"],
    ["a short IV", await changed({ iv: "AAAA" }), "manifest_form"],
    ["an empty image signature", await changed({ signature: "" }), "manifest_form"],
    ["sequence 0", await changed({ sequence: 0 }), "manifest_form"],
  ];
  for (const [name, bad, fault] of cases) {
    const read = await verifyManifest(bad, publicKey);
    assert.equal(read.ok ? "taken" : read.fault, fault, name);
  }
});

Deno.test("a manifest signed by another key is refused", async () => {
  const other = await importRsaPublicKey(strangersPair.publicPem) ?? assert.fail();
  const read = await verifyManifest(await signManifest(MANIFEST, key), other);
  assert.equal(read.ok ? "taken" : read.fault, "manifest_signature");
  assert.equal(readManifest((await signManifest(MANIFEST, key)).manifest).ok, true);
});
