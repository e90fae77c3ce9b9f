import assert from "node:assert/strict";
import { concat, utf8 } from "../../crypto/bytes.ts";
import { formatPem, parsePem } from "../../crypto/pem.ts";
import { generateRsaKeyPair, importRsaPrivateKey, importRsaPublicKey, signRsa, verifyRsa } from "../../crypto/rsa.ts";
import { strangersPair } from "../fakes/rsa_keys.ts";
import otherKinds from "../fixtures/rsa_test_keys_only/public_keys_of_other_kinds.json" with { type: "json" };

const pair = await generateRsaKeyPair();
const privateKey = await importRsaPrivateKey(pair.privatePem);
const publicKey = await importRsaPublicKey(pair.publicPem);
assert.ok(privateKey && publicKey);

const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

Deno.test("a signature is RSASSA-PKCS1-v1_5 with SHA-256, as Web Crypto makes and verifies it", async () => {
  const data = utf8("test firmware");
  const pkcs8 = parsePem(pair.privatePem, "PRIVATE KEY");
  const spki = parsePem(pair.publicPem, "PUBLIC KEY");
  assert.ok(pkcs8 && spki);
  const signer = await crypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, false, ["sign"]);
  const verifier = await crypto.subtle.importKey("spki", spki, ALGORITHM, false, ["verify"]);
  const signature = await signRsa(privateKey, data);
  assert.equal(signature.length, 256);
  assert.ok(await crypto.subtle.verify(ALGORITHM, verifier, signature, data));
  assert.deepEqual(new Uint8Array(await crypto.subtle.sign(ALGORITHM, signer, data)), signature);
  assert.ok(await verifyRsa(publicKey, data, signature));
});

Deno.test("a signature with any bit changed, cut, lengthened, or over other data is refused", async () => {
  const data = utf8("test firmware");
  const signature = await signRsa(privateKey, data);
  for (let bit = 0; bit < 2048; bit += 17) {
    const wrong = signature.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(await verifyRsa(publicKey, data, wrong), false);
  }
  for (
    const wrong of [signature.subarray(1), concat(signature, Uint8Array.of(0)), new Uint8Array(256), new Uint8Array()]
  ) {
    assert.equal(await verifyRsa(publicKey, data, wrong), false);
  }
  assert.equal(await verifyRsa(publicKey, utf8("test firmwarf"), signature), false);
  const other = await importRsaPublicKey(strangersPair.publicPem);
  assert.ok(other);
  assert.equal(await verifyRsa(other, data, signature), false);
});

Deno.test("a signature of the other padding, RSA-PSS, is refused", async () => {
  const data = utf8("test firmware");
  const pkcs8 = parsePem(pair.privatePem, "PRIVATE KEY");
  assert.ok(pkcs8);
  const pss = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "RSA-PSS", saltLength: 32 }, pss, data));
  assert.equal(await verifyRsa(publicKey, data, signature), false);
});

Deno.test("a private key shows nothing of itself", () => {
  assert.equal(Deno.inspect(privateKey, { depth: 10, showHidden: true }), "RsaPrivateKey {}");
  assert.equal(JSON.stringify(privateKey), "{}");
});

Deno.test("a text that is not the RSA-2048 key asked for is refused", async (t) => {
  const { publicPem, privatePem } = pair;
  const cases: readonly [string, string, boolean][] = [
    ["the key", publicPem, true],
    ["with CRLF and space around it", `\r\n${publicPem.replaceAll("\n", "\r\n")}  `, true],
    ["empty", "", false],
    ["the private key", privatePem, false],
    ["two keys", publicPem + publicPem, false],
    ["text before it", `key:\n${publicPem}`, false],
    ["another label", publicPem.replaceAll("PUBLIC", "RSA PUBLIC"), false],
    ["cut", publicPem.slice(0, 200), false],
    ["another end", publicPem.replace("-----END PUBLIC KEY-----", "-----END PUBLIC KEX-----"), false],
    ["not Base64", publicPem.replace("MII", "M!I"), false],
    ["not DER", formatPem(utf8("no key"), "PUBLIC KEY"), false],
    ["no bytes", formatPem(new Uint8Array(), "PUBLIC KEY"), false],
    ["only the marks", "-----BEGIN PUBLIC KEY-----", false],
    ["RSA-1024", otherKinds.rsa1024, false],
    ["RSA-3072", otherKinds.rsa3072, false],
    ["Ed25519", otherKinds.ed25519, false],
    ["huge", publicPem + " ".repeat(20_000), false],
  ];
  for (const [name, pem, ok] of cases) {
    await t.step(name, async () => assert.equal(await importRsaPublicKey(pem) !== undefined, ok));
  }
  await t.step(
    "a public key for a private one",
    async () => assert.equal(await importRsaPrivateKey(publicPem), undefined),
  );
  await t.step("a private key with one byte less", async () => {
    const der = parsePem(privatePem, "PRIVATE KEY");
    assert.ok(der);
    assert.equal(await importRsaPrivateKey(formatPem(der.subarray(0, -1), "PRIVATE KEY")), undefined);
  });
});
