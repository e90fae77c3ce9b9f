import { BODY, fault, receive, request, testKey, URL, verified } from "./signed_exchange.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64, utf8 } from "../../crypto/bytes.ts";
import { contentDigest } from "../../crypto/content_digest.ts";
import { hmacSha256 } from "../../crypto/hmac.ts";
import {
  parseSignedRequest,
  signRequest,
  signResponse,
  verifyResponse,
  verifySignedRequest,
} from "../../protocol/device_signature.ts";

/** The same text with one bit of one character changed (of the low seven: a header carries no other). */
function flip(text: string, at: number): string {
  const index = at % text.length;
  const code = text.charCodeAt(index) ^ (1 << (Math.floor(at / text.length) % 7));
  return text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1);
}

/** Fields as they might come from a wire, with whatever characters. */
function raw(headers: Readonly<Record<string, string>>) {
  return { get: (name: string) => headers[name] ?? null };
}

Deno.test("one bit changed anywhere in a signed request is refused", async () => {
  const signed = await signRequest(testKey(), request());
  const parts = { method: "POST", target: "/process?x=1", ...signed.headers };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(parts)), fc.nat(), async (name, at) => {
      const { method, target, ...headers }: Record<string, string> = {
        ...parts,
        [name]: flip(Object.entries(parts).find(([key]) => key === name)?.[1] ?? "", at),
      };
      const url = `http://gateway.example:8080${target}`;
      const claim = parseSignedRequest({ method: method ?? "", url, fields: raw(headers) });
      assert.equal(claim.ok && (await verifySignedRequest(claim.value, BODY, testKey())).ok, false, `${name} ${at}`);
    }),
    { numRuns: 3000 },
  );
  await fc.assert(fc.asyncProperty(fc.nat({ max: 8 * BODY.length - 1 }), async (bit) => {
    const body = BODY.slice();
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(fault(await receive({ headers: signed.headers, body })), "bad_digest");
  }));
});

Deno.test("one bit changed anywhere in an answer is refused", async () => {
  const body = utf8('{"status":"success"}');
  const fields = await signResponse(await verified(), { status: 200, body, created: 1_750_000_001 });
  const signed = await signRequest(testKey(), request());
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(fields)), fc.nat(), async (name, at) => {
      const changed = { ...fields, [name]: flip(fields[name] ?? "", at) };
      assert.equal((await verifyResponse(testKey(), signed, { status: 200, fields: raw(changed), body })).ok, false);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("arbitrary headers are refused, and never throw", async () => {
  const names = ["signature-input", "signature", "content-digest", "x-device-id", "x-sequence-number"];
  const good = (await signRequest(testKey(), request())).headers;
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ unit: fc.constantFrom(...'ecowatt=("@method");:, 0\n\0'), maxLength: 60 }),
    fc.constantFrom(...Object.values(good)),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), value, fc.string(), fc.string(), async (name, text, method, url) => {
      const fields = raw({ ...good, [name]: text });
      const claim = parseSignedRequest({ method: "POST", url: URL, fields });
      if (text !== good[name]) {
        assert.equal(claim.ok && (await verifySignedRequest(claim.value, BODY, testKey())).ok, false);
      }
      parseSignedRequest({ method, url, fields: raw(good) });
      await verifyResponse(testKey(), await signRequest(testKey(), request()), { status: 200, fields, body: BODY });
    }),
    { numRuns: 2000 },
  );
});

Deno.test("fields that are missing, doubled or not what the contract asks for are malformed", async (t) => {
  const good = (await signRequest(testKey(), request())).headers;
  const input = good["signature-input"] ?? "";
  const cases: readonly [string, Readonly<Record<string, string>>][] = [
    ...Object.keys(good).map((name): [string, Record<string, string>] => [`no ${name}`, { ...good, [name]: "" }]),
    ...Object.keys(good).map((name): [string, Record<string, string>] => [`${name} twice`, {
      ...good,
      [name]: `${good[name]}, ${good[name]}`,
    }]),
    ["another label", { ...good, "signature-input": input.replace("ecowatt=", "sig1=") }],
    ["a second signature beside it", { ...good, "signature-input": `${input}, sig1=("@method")` }],
    ["another algorithm", { ...good, "signature-input": input.replace("hmac-sha256", "ed25519") }],
    ["an algorithm as a token", { ...good, "signature-input": input.replace('"hmac-sha256"', "hmac-sha256") }],
    ["no algorithm", { ...good, "signature-input": input.replace(';alg="hmac-sha256"', "") }],
    ["the tag of an answer", { ...good, "signature-input": input.replace("ecowatt-v1", "ecowatt-v1-response") }],
    ["no tag", { ...good, "signature-input": input.replace(';tag="ecowatt-v1"', "") }],
    ["no time", { ...good, "signature-input": input.replace(";created=1750000000", "") }],
    ["a time before 1970", { ...good, "signature-input": input.replace("created=", "created=-") }],
    ["a time as text", { ...good, "signature-input": input.replace("1750000000", '"1750000000"') }],
    ["an unknown parameter", { ...good, "signature-input": `${input};expires=1750000300` }],
    ["no method covered", { ...good, "signature-input": input.replace('"@method" ', "") }],
    ["no digest covered", { ...good, "signature-input": input.replace('"content-digest" ', "") }],
    ["a component twice", { ...good, "signature-input": input.replace('"@path"', '"@method"') }],
    ["one component more", { ...good, "signature-input": input.replace('"@path"', '"@path" "@authority"') }],
    ["a component with a parameter", { ...good, "signature-input": input.replace('"@path"', '"@path";req') }],
    ["a key of another device", { ...good, "signature-input": input.replace("node-1/", "node-2/") }],
    ["a key without number", { ...good, "signature-input": input.replace("node-1/1", "node-1") }],
    ["key number 0", { ...good, "signature-input": input.replace("node-1/1", "node-1/0") }],
    ["key number 01", { ...good, "signature-input": input.replace("node-1/1", "node-1/01") }],
    ["a huge Signature-Input", { ...good, "signature-input": `${input};x="${"x".repeat(500)}"` }],
    ["a short signature", { ...good, signature: "ecowatt=:AAAA:" }],
    ["a signature under another label", { ...good, signature: (good["signature"] ?? "").replace("ecowatt", "sig1") }],
    ["SHA-512", { ...good, "content-digest": (good["content-digest"] ?? "").replace("256", "512") }],
    ...[
      "0",
      "-1",
      "+7",
      "07",
      "7.0",
      "7e0",
      " 7",
      "0x7",
      "4503599627370497",
      "9007199254740992",
      "99999999999999999999",
      "seven",
    ].map((
      sequence,
    ): [string, Record<string, string>] => [`sequence ${sequence}`, { ...good, "x-sequence-number": sequence }]),
    ["a device id with a space", { ...good, "x-device-id": "node 1" }],
    ["a device id with a slash", { ...good, "x-device-id": "node-1/1" }],
  ];
  for (const [name, headers] of cases) {
    await t.step(name, () => {
      const outcome = parseSignedRequest({ method: "POST", url: URL, fields: raw(headers) });
      assert.equal(outcome.ok ? "ok" : outcome.fault, "malformed");
    });
  }
});

Deno.test("components and parameters may come in any order, as another implementation may send them", async () => {
  const created = 1_750_000_000;
  const headers = (await signRequest(testKey(), request())).headers;
  const parameters = '("x-sequence-number" "content-digest" "@query" "x-device-id" "@method" "@path")' +
    `;tag="ecowatt-v1";keyid="node-1/1";created=${created};alg="hmac-sha256"`;
  const base = `"x-sequence-number": 7\n"content-digest": ${contentDigest(BODY)}\n"@query": ?x=1\n` +
    `"x-device-id": node-1\n"@method": POST\n"@path": /process\n"@signature-params": ${parameters}`;
  const outcome = await receive({
    headers: {
      ...headers,
      "signature-input": `ecowatt=${parameters}`,
      signature: `ecowatt=:${toBase64(await hmacSha256(testKey().hmac, base))}:`,
    },
  });
  assert.equal(fault(outcome), "ok");
});
