import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toBase64, utf8 } from "../../crypto/bytes.ts";
import { contentDigest } from "../../crypto/content_digest.ts";
import { hmacSha256, importHmacKey } from "../../crypto/hmac.ts";
import {
  parseGeneralRequest,
  parseSignedRequest,
  signRequest,
  signResponse,
  verifyResponse,
  verifySignedRequest,
} from "../../protocol/device_signature.ts";
import { olderNodeTakes } from "../fakes/older_link.ts";
import { BODY, fault, receive, request, testKey, URL } from "./signed_exchange.ts";

const NONCE = Uint8Array.from({ length: 16 }, (_, i) => i);
const OTHER = NONCE.toReversed();
const ANSWER = utf8('{"status":"success"}');

/** A request with a nonce, and the gateway's answer to it. */
async function exchanged(nonce = NONCE, key = testKey()) {
  const signed = await signRequest(key, request({ nonce }));
  const outcome = await receive({ headers: signed.headers }, key);
  assert.ok(outcome.ok);
  return { signed, fields: await signResponse(outcome.value, { status: 200, body: ANSWER, created: 1_750_000_001 }) };
}

type Signed = Awaited<ReturnType<typeof signRequest>>;

/** What a node makes of an answer. */
async function judged(signed: Signed, fields: Readonly<Record<string, string>>, key = testKey()): Promise<string> {
  const outcome = await verifyResponse(key, signed, { status: 200, fields: new Headers(fields), body: ANSWER });
  return outcome.ok ? "ok" : outcome.fault;
}

/** The members of both fields, by label. */
function members(fields: Readonly<Record<string, string>>) {
  const [older = "", bound = ""] = (fields["signature-input"] ?? "").split(", ");
  const [olderMac = "", boundMac = ""] = (fields["signature"] ?? "").split(", ");
  return { older, bound, olderMac, boundMac };
}

Deno.test("a request with a nonce and both forms of its answer have the fields that the contract of the link writes down", async () => {
  const { signed, fields } = await exchanged();
  const sent = '("@method" "@path" "@query" "content-digest" "x-device-id" "x-sequence-number");created=1750000000;' +
    'keyid="node-1/1";alg="hmac-sha256";tag="ecowatt-v1";nonce="AAECAwQFBgcICQoLDA0ODw=="';
  assert.equal(signed.headers["signature-input"], `ecowatt=${sent}`);
  const base = `"@method": POST\n"@path": /process\n"@query": ?x=1\n"content-digest": ${contentDigest(BODY)}\n` +
    `"x-device-id": node-1\n"x-sequence-number": 7\n"@signature-params": ${sent}`;
  const mac = toBase64(await hmacSha256(testKey().hmac, base));
  assert.equal(signed.headers["signature"], `ecowatt=:${mac}:`);

  const digest = contentDigest(ANSWER);
  const rest = ';created=1750000001;keyid="node-1/1";alg="hmac-sha256";tag="ecowatt-v1-response"';
  const older = `("@status" "content-digest" "x-sequence-number";req)${rest}`;
  const bound = `("@status" "content-digest" "x-sequence-number";req "signature";req;key="ecowatt")${rest}`;
  const common = `"@status": 200\n"content-digest": ${digest}\n"x-sequence-number";req: 7\n`;
  const macOf = async (text: string) => toBase64(await hmacSha256(testKey().hmac, text));
  const olderMac = await macOf(`${common}"@signature-params": ${older}`);
  const boundMac = await macOf(`${common}"signature";req;key="ecowatt": :${mac}:\n"@signature-params": ${bound}`);
  assert.deepEqual(fields, {
    "content-digest": digest,
    "signature-input": `ecowatt=${older}, ecowatt-bound=${bound}`,
    signature: `ecowatt=:${olderMac}:, ecowatt-bound=:${boundMac}:`,
  });
  assert.equal(await judged(signed, fields), "ok");
});

Deno.test("an exchange that version 0.1 recorded is still made and verified, byte by byte", async () => {
  const raw = fromHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  assert.ok(raw);
  const key = testKey("roof", 1, await importHmacKey(raw));
  const body = utf8('{"device_id":"roof"}');
  const url = "http://gateway.example:8080/changes";
  const signed = await signRequest(key, { method: "POST", url, body, sequence: 1, created: 1_782_043_200 });
  assert.deepEqual(signed.headers, {
    "content-digest": "sha-256=:rt5RuJ4KFIIz3tO065j4CSFscZwD4XSOk3z8zCpsfng=:",
    "x-device-id": "roof",
    "x-sequence-number": "1",
    "signature-input":
      'ecowatt=("@method" "@path" "@query" "content-digest" "x-device-id" "x-sequence-number");created=1782043200;' +
      'keyid="roof/1";alg="hmac-sha256";tag="ecowatt-v1"',
    signature: "ecowatt=:C1dkuxk9zeJwLdizeus72u1OVhnpPciBpU1q8Te15SY=:",
  });
  const claim = parseSignedRequest({ method: "POST", url, fields: new Headers(signed.headers) });
  assert.ok(claim.ok);
  const outcome = await verifySignedRequest(claim.value, body, key);
  assert.ok(outcome.ok);
  const answer = { status: 200, body: utf8('{"Changed":false}') };
  const fields = await signResponse(outcome.value, { ...answer, created: 1_782_043_201 });
  assert.deepEqual(fields, {
    "content-digest": "sha-256=:cW6Y6cZUhirFak15HGZZ48DU9O7vuaaPg2uZqP9cZIA=:",
    "signature-input":
      'ecowatt=("@status" "content-digest" "x-sequence-number";req);created=1782043201;keyid="roof/1";' +
      'alg="hmac-sha256";tag="ecowatt-v1-response"',
    signature: "ecowatt=:3soaP+s7yO1a9vOL8PRz3O+Hp2tBNxdj+12I0S/gXZQ=:",
  });
  assert.ok((await verifyResponse(key, signed, { ...answer, fields: new Headers(fields) })).ok);
  assert.ok(await olderNodeTakes(key, 1, { status: 200, headers: new Headers(fields), raw: answer.body }));
});

Deno.test("an answer is good for one request only, also when another has the same number, path and body", async () => {
  const { fields } = await exchanged(NONCE);
  const again = await exchanged(OTHER);
  assert.equal(await judged(again.signed, fields), "bad_signature");
  assert.equal(await judged(again.signed, again.fields), "ok");
  const later = await signRequest(testKey(), request({ nonce: NONCE, created: 1_750_000_009 }));
  assert.equal(await judged(later, fields), "bad_signature");
});

Deno.test("to a request with a nonce no form is taken but the bound one", async (t) => {
  const { signed, fields } = await exchanged();
  const { older, bound, olderMac, boundMac } = members(fields);
  const both = { ...fields };
  const cases: readonly [string, Record<string, string>, string][] = [
    ["the bound form stripped", { ...both, "signature-input": older, signature: olderMac }, "malformed"],
    ["its signature stripped", { ...both, signature: olderMac }, "malformed"],
    ["its input stripped", { ...both, "signature-input": older }, "malformed"],
    ["the older signature under its label", {
      ...both,
      signature: `${olderMac}, ${olderMac.replace("ecowatt=", "ecowatt-bound=")}`,
    }, "bad_signature"],
    ["the older form under its label", {
      ...both,
      "signature-input": older.replace("ecowatt=", "ecowatt-bound="),
      signature: olderMac.replace("ecowatt=", "ecowatt-bound="),
    }, "malformed"],
    ["a parameter with its signature", { ...both, signature: `${olderMac}, ${boundMac};x` }, "malformed"],
    ["its signature a byte shorter", {
      ...both,
      signature: `${olderMac}, ecowatt-bound=:${toBase64(new Uint8Array(31))}:`,
    }, "malformed"],
    [
      "a nonce of its own",
      { ...both, "signature-input": `${older}, ${bound};nonce="AAAAAAAAAAAAAAAAAAAAAA=="` },
      "malformed",
    ],
    ["the signature of another member", {
      ...both,
      "signature-input": `${older}, ${bound.replace('key="ecowatt"', 'key="sig1"')}`,
    }, "malformed"],
    [
      "fields that are too long",
      { ...both, "signature-input": `${fields["signature-input"]}, a="${"x".repeat(1000)}"` },
      "malformed",
    ],
    ["the bound form alone", { ...both, "signature-input": bound, signature: boundMac }, "ok"],
    ["the bound form first", {
      ...both,
      "signature-input": `${bound}, ${older}`,
      signature: `${boundMac}, ${olderMac}`,
    }, "ok"],
    ["the bound form under the label of the older", {
      ...both,
      "signature-input": bound.replace("ecowatt-bound=", "ecowatt="),
      signature: boundMac.replace("ecowatt-bound=", "ecowatt="),
    }, "ok"],
    ["something of somebody else beside it", {
      ...both,
      "signature-input": `proxy=("@status");created=1, ${bound}`,
      signature: `proxy=:AAAA:, ${boundMac}`,
    }, "ok"],
  ];
  for (const [name, changed, expected] of cases) {
    await t.step(name, async () => assert.equal(await judged(signed, changed), expected));
  }
});

Deno.test("a request without a nonce is answered in the older form alone, which older nodes read", async () => {
  const signed = await signRequest(testKey(), request());
  const outcome = await receive({ headers: signed.headers });
  assert.ok(outcome.ok);
  const fields = await signResponse(outcome.value, { status: 200, body: ANSWER, created: 1 });
  assert.deepEqual(Object.values(fields).map((value) => value.includes("bound")), [false, false, false]);
  assert.ok(await olderNodeTakes(testKey(), 7, { status: 200, headers: new Headers(fields), raw: ANSWER }));
  const { fields: both } = await exchanged();
  assert.equal(await judged(signed, both), "ok", "should a gateway send both to everybody");
});

Deno.test("a nonce is 16 bytes in Base64, written in one way", async (t) => {
  const parameters =
    '("@method" "@path" "@query" "content-digest" "x-device-id" "x-sequence-number");created=1750000000;' +
    'keyid="node-1/1";alg="hmac-sha256";tag="ecowatt-v1"';
  const covered = (await signRequest(testKey(), request())).headers;
  const received = async (more: string) => {
    const text = parameters + more;
    const base = `"@method": POST\n"@path": /process\n"@query": ?x=1\n"content-digest": ${contentDigest(BODY)}\n` +
      `"x-device-id": node-1\n"x-sequence-number": 7\n"@signature-params": ${text}`;
    const mac = toBase64(await hmacSha256(testKey().hmac, base));
    const headers = { ...covered, "signature-input": `ecowatt=${text}`, signature: `ecowatt=:${mac}:` };
    const general = parseGeneralRequest({ method: "POST", url: URL, fields: new Headers(headers) });
    const outcome = await receive({ headers });
    assert.equal(general.ok, outcome.ok, "the canonical reader and the general one agree");
    return fault(outcome);
  };
  const cases: readonly [string, string, string][] = [
    ["none", "", "ok"],
    ["16 bytes", `;nonce="${toBase64(NONCE)}"`, "ok"],
    ["16 bytes of 0", `;nonce="${toBase64(new Uint8Array(16))}"`, "ok"],
    ["an empty text", ';nonce=""', "malformed"],
    ["15 bytes", `;nonce="${toBase64(new Uint8Array(15))}"`, "malformed"],
    ["17 bytes", `;nonce="${toBase64(new Uint8Array(17))}"`, "malformed"],
    ["bits to spare", ';nonce="AAECAwQFBgcICQoLDA0ODx=="', "malformed"],
    ["no padding", ';nonce="AAECAwQFBgcICQoLDA0ODw"', "malformed"],
    ["the digits of URLs", ';nonce="__79_Pv6-fj39vX08_Lx8A=="', "malformed"],
    ["hex", ';nonce="000102030405060708090a0b0c0d0e0f"', "malformed"],
    ["a byte sequence", `;nonce=:${toBase64(NONCE)}:`, "malformed"],
    ["a token", ";nonce=abc", "malformed"],
    ["a number", ";nonce=5", "malformed"],
    ["no value", ";nonce", "malformed"],
    ["two", `;nonce="${toBase64(NONCE)}";nonce="${toBase64(OTHER)}"`, "malformed"],
    ["something beside it", `;nonce="${toBase64(NONCE)}";expires=1`, "malformed"],
  ];
  for (const [name, more, expected] of cases) {
    await t.step(name, async () => assert.equal(await received(more), expected));
  }
  await t.step("before the other parameters", async () => {
    const text = parameters.replace(";created", `;nonce="${toBase64(NONCE)}";created`);
    const base = `"@method": POST\n"@path": /process\n"@query": ?x=1\n"content-digest": ${contentDigest(BODY)}\n` +
      `"x-device-id": node-1\n"x-sequence-number": 7\n"@signature-params": ${text}`;
    const mac = toBase64(await hmacSha256(testKey().hmac, base));
    const headers = { ...covered, "signature-input": `ecowatt=${text}`, signature: `ecowatt=:${mac}:` };
    const outcome = await receive({ headers });
    assert.equal(fault(outcome), "ok");
    assert.ok(outcome.ok && outcome.value.boundMac === mac, "it is a nonce wherever it stands");
  });
  await assert.rejects(signRequest(testKey(), request({ nonce: new Uint8Array(15) })), /16 bytes/);
});

Deno.test("a nonce changed on its way is refused, and so is one taken off or put on", async () => {
  const { signed } = await exchanged();
  const input = signed.headers["signature-input"] ?? "";
  const changed = (to: string) => receive({ headers: { ...signed.headers, "signature-input": to } });
  assert.equal(fault(await changed(input.replace(toBase64(NONCE), toBase64(OTHER)))), "bad_signature");
  assert.equal(fault(await changed(input.replace(/;nonce=.*/, ""))), "bad_signature");
  const plain = (await signRequest(testKey(), request())).headers;
  const put = { ...plain, "signature-input": `${plain["signature-input"]};nonce="${toBase64(NONCE)}"` };
  assert.equal(fault(await receive({ headers: put })), "bad_signature");
});

Deno.test("one bit changed anywhere in a bound answer is refused", async () => {
  const { signed, fields } = await exchanged();
  const { bound, boundMac } = members(fields);
  const alone: Record<string, string> = { ...fields, "signature-input": bound, signature: boundMac };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(alone)), fc.nat(), async (name, at) => {
      const value = alone[name] ?? "";
      const index = at % value.length;
      const code = value.charCodeAt(index) ^ (1 << (Math.floor(at / value.length) % 7));
      const changed = value.slice(0, index) + String.fromCharCode(code) + value.slice(index + 1);
      const received = { get: (field: string) => (field === name ? changed : alone[field]) ?? null };
      const outcome = await verifyResponse(testKey(), signed, { status: 200, fields: received, body: ANSWER });
      assert.equal(outcome.ok, false, `${name} ${at}`);
    }),
    { numRuns: 2000 },
  );
});
