import assert from "node:assert/strict";
import { importAesKey } from "../../crypto/aes_cbc.ts";
import { importGcmKey } from "../../crypto/aes_gcm.ts";
import { importHmacKey } from "../../crypto/hmac.ts";
import { importRsaPrivateKey, importRsaPublicKey } from "../../crypto/rsa.ts";
import { firmwarePair } from "../fakes/rsa_keys.ts";

/** Which keys `work` imports, and whether each could be read back. */
async function imports(work: () => Promise<unknown>): Promise<readonly (readonly [string, boolean])[]> {
  const found: (readonly [string, boolean])[] = [];
  const { importKey } = crypto.subtle;
  crypto.subtle.importKey = new Proxy(importKey, {
    apply(target, _, [format, data, algorithm, extractable, usages]: Parameters<typeof importKey>) {
      found.push([typeof algorithm === "string" ? algorithm : algorithm.name, extractable]);
      return Reflect.apply(target, crypto.subtle, [format, data, algorithm, extractable, usages]);
    },
  });
  try {
    await work();
  } finally {
    crypto.subtle.importKey = importKey;
  }
  return found;
}

Deno.test("no key can be read back from what holds it, whatever it is for", async () => {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const { privatePem, publicPem } = firmwarePair;
  const found = await imports(async () => {
    await importAesKey(raw);
    await importGcmKey(raw);
    await importHmacKey(raw);
    assert.ok(await importRsaPrivateKey(privatePem) && await importRsaPublicKey(publicPem));
  });
  const names = ["AES-CBC", "AES-GCM", "HMAC", "RSASSA-PKCS1-v1_5", "RSASSA-PKCS1-v1_5"];
  assert.deepEqual(found, names.map((name) => [name, false]));
});
