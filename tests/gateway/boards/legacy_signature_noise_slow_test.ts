import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../../crypto/bytes.ts";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { parseLegacySignature, verifyLegacySignature } from "../../../gateway/boards/legacy_signature.ts";

const key = await importHmacKey(utf8("test-key"));

Deno.test("arbitrary header values never throw", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), async (sequence, mac) => {
      const fields = { get: (name: string) => name === "x-sequence-number" ? sequence : mac };
      const claim = parseLegacySignature(fields);
      if (claim.ok) assert.equal(await verifyLegacySignature(claim.value, utf8("body"), key), false);
    }),
  );
});
