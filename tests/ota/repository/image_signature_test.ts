import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { verifyRsa } from "../../../crypto/rsa.ts";
import { measure, type Sink } from "../../../ota/chunks/image_stream.ts";
import { signWhole } from "../../../ota/repository/image_signature.ts";
import { firmwareKeys, signingKey } from "../../fakes/firmware.ts";
import { once } from "../fixture.ts";

const IMAGE = utf8("an image");
const bring = (image = IMAGE) => (sink: Sink) => measure(once(image), sink);
const measured = await measure(once(IMAGE));
assert.ok(measured.ok);
const { value } = measured;

Deno.test("an image is signed as the whole message that boards and older nodes verify", async () => {
  const signed = await signWhole(value, bring(), { key: signingKey, most: 8 });
  assert.ok(signed.ok && signed.value);
  assert.ok(await verifyRsa(firmwareKeys.publicKey, IMAGE, signed.value));
});

Deno.test("bytes that are not those that were measured are not signed", async () => {
  for (const other of [utf8("an imagf"), utf8("an ima"), utf8("an image and more")]) {
    const signed = await signWhole(value, bring(other), { key: signingKey, most: 8 });
    assert.equal(signed.ok ? "signed" : signed.fault, "sha256");
  }
  const empty = await signWhole(value, bring(new Uint8Array()), { key: signingKey, most: 8 });
  assert.equal(empty.ok ? "signed" : empty.fault, "empty");
});

Deno.test("an image that is too large is not taken into memory", async () => {
  const signed = await signWhole(value, () => assert.fail("it is not read"), { key: signingKey, most: 7 });
  assert.deepEqual(signed, { ok: true, value: undefined });
});
