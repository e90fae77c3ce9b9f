import assert from "node:assert/strict";
import { z } from "zod";
import { decryptAesCbc, importAesKey, startDecryption } from "../../crypto/aes_cbc.ts";
import { type Bytes, concat, fromBase64, toHex, utf8 } from "../../crypto/bytes.ts";
import { hmacSha256, importHmacKey } from "../../crypto/hmac.ts";
import { importRsaPublicKey, verifyRsa } from "../../crypto/rsa.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { reference, testWith } from "../needs.ts";

/** Firmware images as the boards in the field get them, with what another implementation found in them. */
const folder = reference("esp32/ota/verification.json");

const Manifest = z.object({ signature: z.string(), iv: z.string(), chunk_size: z.number(), sha256_hash: z.string() });
const Findings = z.object({
  sha256_plain: z.string(),
  sha256_encrypted: z.string(),
  chunks: z.record(z.string(), z.object({ size: z.number(), hmac: z.string() })),
});
const Verification = z.record(z.string(), z.unknown());

function file(name: string): URL {
  return new URL(name, folder.url);
}

function base64(text: string): Bytes {
  const bytes = fromBase64(text);
  assert.ok(bytes);
  return bytes;
}

function artefact(name: string) {
  const manifest = Manifest.parse(JSON.parse(Deno.readTextFileSync(file(`${name}/firmware_1.0.4_manifest.json`))));
  return {
    encrypted: Deno.readFileSync(file(`${name}/firmware_1.0.4_encrypted.bin`)),
    iv: base64(manifest.iv),
    signature: base64(manifest.signature),
    chunkSize: manifest.chunk_size,
    hash: manifest.sha256_hash,
    findings: Findings.parse(Verification.parse(JSON.parse(Deno.readTextFileSync(folder.url)))[name]),
  };
}

async function keys() {
  const publicKey = await importRsaPublicKey(Deno.readTextFileSync(file("server_public_key.pem")));
  assert.ok(publicKey);
  return { publicKey, aesKey: await importAesKey(Deno.readFileSync(file("aes_firmware_key.bin"))) };
}

testWith(
  [folder],
  "the boards' firmware decrypts chunk by chunk, has its hash, and its signature verifies",
  async () => {
    const { encrypted, iv, signature, chunkSize, hash, findings } = artefact("firmware-acb9419");
    const { publicKey, aesKey } = await keys();
    assert.equal(toHex(sha256(encrypted)), findings.sha256_encrypted);
    const decryption = startDecryption(aesKey, iv);
    const pieces: Bytes[] = [];
    for (let at = 0; at < encrypted.length; at += chunkSize) {
      pieces.push(await decryption.update(encrypted.subarray(at, at + chunkSize)));
    }
    const rest = await decryption.finish();
    assert.ok(rest);
    const plain = concat(...pieces, rest);
    assert.equal(toHex(sha256(plain)), findings.sha256_plain);
    assert.equal(findings.sha256_plain, hash);
    assert.ok(await verifyRsa(publicKey, plain, signature));
  },
);

testWith([folder], "the boards' chunk codes come out: the key is the text of its hex form", async () => {
  const { encrypted, chunkSize, findings } = artefact("firmware-acb9419");
  const key = await importHmacKey(utf8(Deno.readTextFileSync(file("hmac_psk.txt")).trim()));
  assert.ok(Object.keys(findings.chunks).length > 0);
  for (const [number, chunk] of Object.entries(findings.chunks)) {
    const bytes = encrypted.subarray(Number(number) * chunkSize, (Number(number) + 1) * chunkSize);
    assert.equal(bytes.length, chunk.size);
    assert.equal(toHex(await hmacSha256(key, concat(bytes, utf8(number)))), chunk.hmac);
  }
});

testWith([folder], "the older firmware decrypts and has its hash, but its signature, RSA-PSS, is refused", async () => {
  const { encrypted, iv, signature, hash } = artefact("keys-dir");
  const { publicKey, aesKey } = await keys();
  const plaintext = await decryptAesCbc(aesKey, iv, encrypted);
  assert.ok(plaintext);
  assert.equal(toHex(sha256(plaintext)), hash);
  assert.equal(await verifyRsa(publicKey, plaintext, signature), false);
});
