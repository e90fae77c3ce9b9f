import assert from "node:assert/strict";
import fc from "fast-check";
import { type Bytes, concat, fromHex, toHex, utf8 } from "../../crypto/bytes.ts";
import { beginHmacs, hmacSha256, importHmacKey, verifyHmacSha256 } from "../../crypto/hmac.ts";
import { sha256 } from "../../crypto/sha256.ts";

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  assert.ok(bytes);
  return bytes;
}

/** RFC 4231 section 4, test cases 1 to 7 (case 5 is cut to 128 bits there). */
const VECTORS: readonly { name: string; key: Bytes; data: Bytes; mac: string }[] = [
  {
    name: "test case 1",
    key: hex("0b".repeat(20)),
    data: utf8("Hi There"),
    mac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  },
  {
    name: "test case 2, a short key",
    key: utf8("Jefe"),
    data: utf8("what do ya want for nothing?"),
    mac: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    name: "test case 3, more than a block of both",
    key: hex("aa".repeat(20)),
    data: hex("dd".repeat(50)),
    mac: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  },
  {
    name: "test case 4",
    key: hex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
    data: hex("cd".repeat(50)),
    mac: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  },
  {
    name: "test case 5, first 16 bytes",
    key: hex("0c".repeat(20)),
    data: utf8("Test With Truncation"),
    mac: "a3b6167473100ee06e0c796c2955552b",
  },
  {
    name: "test case 6, a key longer than a block",
    key: hex("aa".repeat(131)),
    data: utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
    mac: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  },
  {
    name: "test case 7, key and data longer than a block",
    key: hex("aa".repeat(131)),
    data: utf8(
      "This is a test using a larger than block-size key and a larger than block-size data. " +
        "The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    mac: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  },
];

Deno.test("HMAC-SHA256 gives the codes of RFC 4231", async (t) => {
  for (const { name, key, data, mac } of VECTORS) {
    await t.step(name, async () => {
      const imported = await importHmacKey(key);
      const whole = await hmacSha256(imported, data);
      assert.equal(toHex(whole).slice(0, mac.length), mac);
      assert.ok(await verifyHmacSha256(imported, data, whole));
    });
  }
});

Deno.test("HMAC-SHA256 is RFC 2104's construction over SHA-256, for keys and data of every length, a key used again and again", async () => {
  await fc.assert(fc.asyncProperty(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
    async (raw, messages) => {
      const key = await importHmacKey(Uint8Array.from(raw));
      const padded = (pad: number) => {
        const short = raw.length > 64 ? sha256(raw) : raw;
        return Uint8Array.from({ length: 64 }, (_, i) => (short[i] ?? 0) ^ pad);
      };
      for (const message of messages) {
        const expected = sha256(concat(padded(0x5c), sha256(concat(padded(0x36), message))));
        assert.deepEqual(await hmacSha256(key, Uint8Array.from(message)), expected);
        assert.ok(await verifyHmacSha256(key, Uint8Array.from(message), expected));
      }
    },
  ));
});

Deno.test("a code with any bit changed, cut or lengthened is refused", async () => {
  const key = await importHmacKey(utf8("test key"));
  const mac = await hmacSha256(key, "message");
  for (let bit = 0; bit < 256; bit++) {
    const wrong = mac.slice();
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(await verifyHmacSha256(key, "message", wrong), false);
  }
  assert.equal(await verifyHmacSha256(key, "message", mac.subarray(0, 31)), false);
  assert.equal(await verifyHmacSha256(key, "message", new Uint8Array()), false);
  assert.equal(await verifyHmacSha256(key, "message", Uint8Array.from([...mac, 0])), false);
});

Deno.test("a key shows nothing of itself, and does not change with the bytes it came from", async () => {
  const raw = utf8("test-secret-test-secret-test-sec");
  const key = await importHmacKey(raw);
  const before = await hmacSha256(key, "message");
  raw.fill(0);
  assert.deepEqual(await hmacSha256(key, "message"), before);
  const shown = Deno.inspect(key, { depth: 10, showHidden: true }) + JSON.stringify(key) + String(key);
  assert.doesNotMatch(shown, /secret|116|0x74/);
  assert.deepEqual(Object.keys(key), []);
  assert.equal(JSON.stringify(key), "{}");
});

Deno.test("what is asked for in one turn is handed over together: at its end, or when it is begun", async () => {
  const key = await importHmacKey(utf8("a key"));
  const { sign } = crypto.subtle;
  let handed = 0;
  crypto.subtle.sign = (...parameters: Parameters<typeof sign>) => {
    handed++;
    return sign.apply(crypto.subtle, parameters);
  };
  try {
    const macs = Promise.all([hmacSha256(key, "to roof"), hmacSha256(key, "to shed")]);
    await Promise.resolve();
    assert.equal(handed, 0);
    assert.equal(new Set((await macs).map(toHex)).size, 2);
    const begun = hmacSha256(key, "to barn");
    beginHmacs();
    assert.equal(handed, 3);
    assert.equal((await begun).length, 32);
    assert.equal(handed, 3);
  } finally {
    crypto.subtle.sign = sign;
  }
});
