import { BODY, fault, receive, request, testKey, URL, verified } from "./signed_exchange.ts";
import assert from "node:assert/strict";
import { countHmacs } from "../fakes/hmac_count.ts";
import fc from "fast-check";
import { toBase64, utf8 } from "../../crypto/bytes.ts";
import { contentDigest } from "../../crypto/content_digest.ts";
import { hmacSha256, importHmacKey } from "../../crypto/hmac.ts";
import {
  type DeviceKey,
  parseGeneralRequest,
  parseSignedRequest,
  signRequest,
  signResponse,
  verifyResponse,
  verifySignedRequest,
} from "../../protocol/device_signature.ts";

Deno.test("a signed request has the fields that the contract of the link writes down", async () => {
  const { headers } = await signRequest(testKey(), request());
  assert.equal(headers["content-digest"], contentDigest(BODY));
  assert.equal(headers["x-device-id"], "node-1");
  assert.equal(headers["x-sequence-number"], "7");
  const parameters =
    '("@method" "@path" "@query" "content-digest" "x-device-id" "x-sequence-number");created=1750000000;' +
    'keyid="node-1/1";alg="hmac-sha256";tag="ecowatt-v1"';
  assert.equal(headers["signature-input"], `ecowatt=${parameters}`);
  const base = [
    '"@method": POST',
    '"@path": /process',
    '"@query": ?x=1',
    `"content-digest": ${contentDigest(BODY)}`,
    '"x-device-id": node-1',
    '"x-sequence-number": 7',
    `"@signature-params": ${parameters}`,
  ].join("\n");
  assert.equal(headers["signature"], `ecowatt=:${toBase64(await hmacSha256(testKey().hmac, base))}:`);
});

Deno.test("what a node signs the gateway verifies, and the gateway's answer the node", async () => {
  const text = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
  await fc.assert(fc.asyncProperty(
    fc.record({
      deviceId: fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/),
      number: fc.integer({ min: 1, max: 999_999_999 }),
      method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
      url: fc.tuple(text, text).map(([path, query]) => {
        const url = new globalThis.URL("http://gateway.example/");
        url.pathname = path;
        url.search = query;
        return url.href;
      }),
      body: fc.uint8Array({ maxLength: 100 }),
      sequence: fc.maxSafeInteger().filter((n) => n >= 1 && n <= 2 ** 52),
      created: fc.integer({ min: 0, max: 2_000_000_000 }),
      status: fc.integer({ min: 200, max: 599 }),
      answer: fc.uint8Array({ maxLength: 100 }),
    }),
    async ({ deviceId, number, method, url, body, sequence, created, status, answer }) => {
      const key = testKey(deviceId, number);
      const signed = await signRequest(key, { method, url, body, sequence, created });
      const outcome = await receive({ method, url, body, headers: signed.headers }, key);
      assert.ok(outcome.ok);
      assert.equal(outcome.value.deviceId, deviceId);
      assert.equal(outcome.value.sequence, sequence);
      assert.equal(outcome.value.created, created);
      const fields = new Headers(await signResponse(outcome.value, { status, body: answer, created }));
      assert.deepEqual(await verifyResponse(key, signed, { status, fields, body: answer }), {
        ok: true,
        value: { created },
      });
    },
  ));
});

Deno.test("a request changed on its way is refused", async (t) => {
  const { headers } = await signRequest(testKey(), request());
  const cases: readonly [string, Parameters<typeof receive>[0], string][] = [
    ["nothing changed", { headers }, "ok"],
    ["another method", { headers, method: "PUT" }, "bad_signature"],
    ["another path", { headers, url: URL.replace("process", "changes") }, "bad_signature"],
    ["another query", { headers, url: URL.replace("x=1", "x=2") }, "bad_signature"],
    ["no query", { headers, url: URL.replace("?x=1", "") }, "bad_signature"],
    ["another body", { headers, body: utf8("{}") }, "bad_digest"],
    ["another body with its digest", {
      headers: { ...headers, "content-digest": contentDigest(utf8("{}")) },
      body: utf8("{}"),
    }, "bad_signature"],
    ["another sequence number", { headers: { ...headers, "x-sequence-number": "8" } }, "bad_signature"],
    ["another device", { headers: { ...headers, "x-device-id": "node-2" } }, "malformed"],
    ["another host", { headers, url: URL.replace("gateway", "other") }, "ok"],
  ];
  for (const [name, received, expected] of cases) {
    await t.step(name, async () => assert.equal(fault(await receive(received)), expected));
  }
});

Deno.test("a request is refused under another key, another key number and no key", async () => {
  const { headers } = await signRequest(testKey(), request());
  assert.equal(
    fault(await receive({ headers }, testKey("node-1", 1, await importHmacKey(utf8("test-other"))))),
    "bad_signature",
  );
  assert.equal(fault(await receive({ headers }, testKey("node-1", 2))), "bad_signature");
  assert.equal(fault(await receive({ headers }, testKey("node-2", 1))), "bad_signature");
  const claim = parseSignedRequest({ method: "POST", url: URL, fields: new Headers(headers) });
  assert.ok(claim.ok);
  assert.equal(fault(await verifySignedRequest(claim.value, BODY, undefined)), "unknown_device");
});

Deno.test("an unknown device costs the time of a known one: as many codes are computed", async () => {
  const { headers } = await signRequest(testKey(), request());
  const claim = parseSignedRequest({ method: "POST", url: URL, fields: new Headers(headers) });
  assert.ok(claim.ok);
  const other = testKey("node-1", 1, await importHmacKey(utf8("test-other")));
  const costs = [];
  for (const key of [testKey(), other, undefined]) {
    costs.push(await countHmacs(() => verifySignedRequest(claim.value, BODY, key)));
  }
  assert.deepEqual(costs, [1, 1, 1]);
});

Deno.test("a signature is written in one way only: the bits to spare of its last digit are 0", async () => {
  const { headers } = await signRequest(testKey(), request());
  const signature = headers["signature"] ?? "";
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const last = digits.indexOf(signature.at(-3) ?? "");
  const written = [0, 1, 2, 3].map((spare) => `${signature.slice(0, -3)}${digits[last + spare]}=:`);
  const outcomes = written.map((signature) => {
    const { ok } = parseSignedRequest({ method: "POST", url: URL, fields: new Headers({ ...headers, signature }) });
    return ok;
  });
  assert.deepEqual(outcomes, [true, false, false, false]);
});

Deno.test("a signature's input longer than 512 characters is not read, however well formed", async () => {
  const { headers } = await signRequest(testKey(), request());
  const input = headers["signature-input"] ?? "";
  const spaced = (length: number) =>
    fault({ ...headers, "signature-input": input.replace('" "', `"${" ".repeat(1 + length - input.length)}"`) });
  const fault = (changed: HeadersInit) => {
    const outcome = parseSignedRequest({ method: "POST", url: URL, fields: new Headers(changed) });
    return outcome.ok ? "ok" : outcome.fault;
  };
  assert.deepEqual([spaced(512), spaced(513)], ["ok", "malformed"]);
});

Deno.test("a request signed with the stand-in for a missing key is refused as well", async () => {
  const key: DeviceKey = { ...testKey(), hmac: await importHmacKey(new Uint8Array(32)) };
  const { headers } = await signRequest(key, request());
  const claim = parseSignedRequest({ method: "POST", url: URL, fields: new Headers(headers) });
  assert.ok(claim.ok);
  assert.equal(fault(await verifySignedRequest(claim.value, BODY, undefined)), "unknown_device");
});

Deno.test("an answer changed on its way, for another request or for another key is refused", async (t) => {
  const body = utf8('{"status":"success"}');
  const answered = await verified();
  const fields = await signResponse(answered, { status: 200, body, created: 1_750_000_001 });
  const signed = await signRequest(testKey(), request());
  const cases: readonly [string, Partial<{ status: number; fields: HeadersInit; body: Uint8Array }>, string][] = [
    ["nothing changed", {}, "ok"],
    ["another status", { status: 401 }, "bad_signature"],
    ["another body", { body: utf8("{}") }, "bad_digest"],
    ["another digest", { fields: { ...fields, "content-digest": contentDigest(utf8("{}")) } }, "bad_signature"],
    ["a digest of another kind", { fields: { ...fields, "content-digest": "sha-512=:AAAA:" } }, "malformed"],
    ["no signature at all", { fields: {} }, "malformed"],
    ["the request's own signature", { fields: signed.headers }, "malformed"],
  ];
  for (const [name, change, expected] of cases) {
    await t.step(name, async () => {
      const answer = { status: 200, fields, body, ...change };
      const outcome = await verifyResponse(testKey(), signed, { ...answer, fields: new Headers(answer.fields) });
      assert.equal(outcome.ok ? "ok" : outcome.fault, expected);
    });
  }
  await t.step("the answer to another sequence number", async () => {
    const other = await signRequest(testKey(), request({ sequence: 8 }));
    const outcome = await verifyResponse(testKey(), other, { status: 200, fields: new Headers(fields), body });
    assert.equal(outcome.ok ? "ok" : outcome.fault, "bad_signature");
  });
  await t.step("a key number that is not ours", async () => {
    const outcome = await verifyResponse(testKey("node-1", 2), signed, {
      status: 200,
      fields: new Headers(fields),
      body,
    });
    assert.equal(outcome.ok ? "ok" : outcome.fault, "bad_signature");
  });
});

Deno.test("an answer covers the number of its request, not one of its own", async () => {
  const signed = await signRequest(testKey(), request());
  const body = utf8('{"status":"success"}');
  const judged = async (number: string) => {
    const input = `("@status" "content-digest" ${number});created=1;keyid="node-1/1";alg="hmac-sha256";` +
      'tag="ecowatt-v1-response"';
    const base = `"@status": 200\n"content-digest": ${
      contentDigest(body)
    }\n${number}: 7\n"@signature-params": ${input}`;
    const fields = new Headers({
      "content-digest": contentDigest(body),
      "x-sequence-number": "7",
      "signature-input": `ecowatt=${input}`,
      signature: `ecowatt=:${toBase64(await hmacSha256(testKey().hmac, base))}:`,
    });
    const outcome = await verifyResponse(testKey(), signed, { status: 200, fields, body });
    return outcome.ok ? "ok" : outcome.fault;
  };
  assert.deepEqual([await judged('"x-sequence-number";req'), await judged('"x-sequence-number"')], ["ok", "malformed"]);
});

Deno.test("the largest sequence number is 2^52", async () => {
  const { headers } = await signRequest(testKey(), request({ sequence: 2 ** 52 }));
  const outcome = await receive({ headers });
  assert.ok(outcome.ok);
  assert.equal(outcome.value.sequence, 4_503_599_627_370_496);
  for (const sequence of [2 ** 52 + 1, 2 ** 53 - 1]) {
    const beyond = await signRequest(testKey(), request({ sequence }));
    assert.equal(fault(await receive({ headers: beyond.headers })), "malformed");
  }
});

Deno.test("a proof shows no key", async () => {
  const shown = Deno.inspect(await verified(), { depth: 10, showHidden: true }) + JSON.stringify(await verified());
  assert.doesNotMatch(shown, /test-key|116, 101/);
});

Deno.test("what a node fetches over a real socket is what it signed", async () => {
  const key = testKey();
  const answer = utf8('{"status":"success"}');
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (received) => {
    const body = await received.bytes();
    const claim = parseSignedRequest({ method: received.method, url: received.url, fields: received.headers });
    const outcome = claim.ok ? await verifySignedRequest(claim.value, body, key) : claim;
    if (!outcome.ok) return new Response(outcome.fault, { status: 401 });
    return new Response(answer, {
      headers: await signResponse(outcome.value, { status: 200, body: answer, created: 2 }),
    });
  });
  for (const target of ["/process", "/a%20b/%C3%A9?", "/?q=a+b&c=%2F", "//x/../y?z=1#f", "/caf\u00e9?\u00fc=\u00df|"]) {
    const url = new globalThis.URL(target.replace(/^\/\//, "/"), `http://127.0.0.1:${server.addr.port}`).href;
    const signed = await signRequest(key, request({ url }));
    const response = await fetch(url, { method: "POST", headers: { ...signed.headers }, body: BODY });
    const received = { status: response.status, fields: response.headers, body: await response.bytes() };
    assert.equal(received.status, 200, url);
    assert.ok((await verifyResponse(key, signed, received)).ok);
  }
});

Deno.test("a request in our own spelling is read like one in any spelling", async () => {
  const fields = ["signature-input", "signature", "content-digest", "x-device-id", "x-sequence-number"];
  const edit = fc.record({
    field: fc.constantFrom(...fields),
    at: fc.nat(300),
    removed: fc.nat(2),
    added: fc.oneof(fc.constantFrom("0", "1", " ", "\t", '"', ";", ",", "=", "/", "\\", "-", "é"), fc.constant("")),
  });
  const sent = fc.record({
    method: fc.constantFrom("POST", "GET", "PÖST"),
    url: fc.constantFrom(
      ...[URL, "http://gateway.example", "http://gateway.example/a?"],
      ...["http://gateway.example/ü?ü#x", "http://gateway.example/ü?x", "http://gateway.example/x?ü"],
    ),
    sequence: fc.constantFrom(1, 7, 2 ** 52),
    created: fc.constantFrom(0, 1, 1_750_000_000, 999_999_999_999_999),
    edits: fc.array(edit, { maxLength: 2 }),
  });
  let canonical = 0, refused = 0;
  await fc.assert(
    fc.asyncProperty(sent, async ({ method, url, sequence, created, edits }) => {
      const { headers } = await signRequest(testKey(), request({ sequence, created }));
      const changed: Record<string, string> = { ...headers };
      for (const { field, at, removed, added } of edits) {
        const value = changed[field] ?? "";
        const from = at % (value.length + 1);
        changed[field] = value.slice(0, from) + added + value.slice(from + removed);
      }
      const received = { method, url, fields: { get: (name: string) => changed[name] ?? null } };
      const outcome = parseSignedRequest(received);
      assert.deepEqual(outcome, parseGeneralRequest(received));
      if (outcome.ok) canonical++;
      else refused++;
    }),
    { numRuns: 2000 },
  );
  assert.ok(canonical > 100 && refused > 100, `${canonical} read, ${refused} refused`);
});
