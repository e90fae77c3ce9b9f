import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { type Bytes, fromHex, toHex, utf8 } from "../../../crypto/bytes.ts";
import { importHmacKey } from "../../../crypto/hmac.ts";
import {
  legacySignature,
  parseLegacySignature,
  verifyLegacySignature,
} from "../../../gateway/boards/legacy_signature.ts";
import { reference, testWith } from "../../needs.ts";

const key = await importHmacKey(utf8("test-key"));
const otherKey = await importHmacKey(utf8("test-other"));

async function headers(sequence: number, body: Uint8Array): Promise<Headers> {
  return new Headers({
    "X-Sequence-Number": String(sequence),
    "X-HMAC-SHA256": toHex(await legacySignature(key, body, sequence)),
  });
}

Deno.test("what a board signs is verified, and not with one bit of body, sequence or code changed", async () => {
  await fc.assert(fc.asyncProperty(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.nat({ max: 0xffff_ffff }),
    fc.nat(),
    async (body, sequence, at) => {
      const claim = parseLegacySignature(await headers(sequence, body));
      assert.ok(claim.ok);
      assert.equal(claim.value.sequence, sequence);
      assert.ok(await verifyLegacySignature(claim.value, body, key));
      assert.equal(await verifyLegacySignature(claim.value, body, otherKey), false);
      const other = (sequence ^ (1 << (at % 32))) >>> 0;
      assert.equal(await verifyLegacySignature({ ...claim.value, sequence: other }, body, key), false);
      assert.equal(
        await verifyLegacySignature({ ...claim.value, mac: flipped(claim.value.mac, at) }, body, key),
        false,
      );
      assert.equal(await verifyLegacySignature(claim.value, flipped(body, at), key), false);
    },
  ));
});

function flipped(bytes: Uint8Array, at: number): Bytes {
  const bit = at % (8 * bytes.length);
  return Uint8Array.from(bytes, (byte, index) => index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte);
}

Deno.test("the sequence number is decimal digits of a uint32, the code 64 hex digits of either case", async (t) => {
  const code = "ab".repeat(32);
  const cases: readonly [sequence: string | undefined, mac: string | undefined, ok: boolean][] = [
    ["0", code, true],
    ["7", code.toUpperCase(), true],
    ["4294967295", code, true],
    ["4294967296", code, false],
    ["99999999999", code, false],
    ["-1", code, false],
    ["+1", code, false],
    ["1.0", code, false],
    ["1e3", code, false],
    ["0x10", code, false],
    ["1 2", code, false],
    ["\u0661", code, false],
    ["", code, false],
    [undefined, code, false],
    ["7, 7", code, false],
    ["7", code.slice(2), false],
    ["7", `${code}ab`, false],
    ["7", code.replace("a", "g"), false],
    ["7", `${code}, ${code}`, false],
    ["7", "", false],
    ["7", undefined, false],
  ];
  for (const [sequence, mac, ok] of cases) {
    await t.step(`${sequence} ${mac}`, () => {
      const fields = { get: (name: string) => (name === "x-sequence-number" ? sequence : mac) ?? null };
      assert.equal(parseLegacySignature(fields).ok, ok);
    });
  }
});

const uploads = reference("esp32/uploads-shared.json");
const Uploads = z.object({
  psk_hex: z.string(),
  uploads: z.array(z.object({ id: z.string(), headers: z.record(z.string(), z.string()), body: z.string() })),
});

testWith(
  [uploads],
  "the uploads of the boards' own encoder verify with their key, and with no other sequence",
  async () => {
    const recorded = Uploads.parse(JSON.parse(Deno.readTextFileSync(uploads.url)));
    const psk = fromHex(recorded.psk_hex);
    assert.ok(psk);
    const boardKey = await importHmacKey(psk);
    assert.ok(recorded.uploads.length > 0);
    for (const { id, headers, body } of recorded.uploads) {
      const claim = parseLegacySignature(new Headers(headers));
      assert.ok(claim.ok, id);
      assert.ok(await verifyLegacySignature(claim.value, utf8(body), boardKey), id);
      assert.deepEqual(await legacySignature(boardKey, utf8(body), claim.value.sequence), claim.value.mac);
      const next = { ...claim.value, sequence: claim.value.sequence + 1 };
      assert.equal(await verifyLegacySignature(next, utf8(body), boardKey), false, id);
    }
  },
);
