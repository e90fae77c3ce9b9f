import { bench, checkProblem, goodUpload, stillWorks } from "../hostile_bench.ts";
import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { send, signedPost, startDeviceGateway } from "../../fakes/device_gateway.ts";

Deno.test("a body over 1 MiB is 413, announced or in chunks, and is not read to its end", async (t) => {
  await using b = await bench();
  const big = new Uint8Array(1024 * 1024 + 1).fill(0x20);
  await t.step(
    "announced",
    async () => checkProblem(await send(b.gateway, signedPost(b.gateway, b.key, b.next(), big)), 413),
  );
  await t.step("chunked without end", async () => {
    let sent = 0;
    let over = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (over) return controller.close();
        sent += 65536;
        controller.enqueue(new Uint8Array(65536));
      },
    });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${b.gateway.url}/process`, { method: "POST", headers, body }).catch(() => undefined);
    if (response) {
      assert.equal(response.status, 413);
      await response.body?.cancel();
    }
    over = true;
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  });
  await t.step("exactly 1 MiB of JSON is read", async () => {
    const text = JSON.stringify(goodUpload());
    const padded = utf8(text + " ".repeat(1024 * 1024 - text.length));
    assert.equal((await send(b.gateway, signedPost(b.gateway, b.key, b.next(), padded))).status, 200);
  });
  await stillWorks(b);
});

Deno.test("methods and paths that are not there are 405 with Allow, and 404", async () => {
  await using b = await bench();
  for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]) {
    const response = await fetch(`${b.gateway.url}/process`, { method });
    await response.body?.cancel();
    assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"], method);
  }
  for (const path of ["/Process", "/process/", "/process/x", "//process", "/%70rocess", "/", "/../process/.."]) {
    const response = await fetch(b.gateway.url + path, { method: "POST" });
    await response.body?.cancel();
    assert.equal(response.status, 404, path);
  }
  await stillWorks(b);
});

Deno.test("an answer without a signature closes the connection, whatever it says: boards read until then", async () => {
  await using b = await bench();
  const json = { "content-type": "application/json" };
  const headers = { ...json, "x-sequence-number": "1", "x-hmac-sha256": "00".repeat(32) };
  const requests: [number, RequestInit][] = [
    [405, { method: "PUT", headers: json, body: "{}" }],
    [415, { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" }],
    [400, { method: "POST", headers, body: "{" }],
    [400, { method: "POST", headers, body: "{}" }],
    [401, { method: "POST", headers, body: '{"device_id":"nobody"}' }],
  ];
  for (const [status, request] of requests) {
    const response = await fetch(`${b.gateway.url}/process`, request);
    const length = (await response.arrayBuffer()).byteLength;
    const { headers } = response;
    assert.deepEqual([response.status, headers.get("connection"), headers.get("content-length")], [
      status,
      "close",
      String(length),
    ]);
  }
});

Deno.test("bytes that are no HTTP, half requests and strange targets never end in 500, nor hurt others", async () => {
  await using b = await bench();
  const requests = [
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET\r\n\r\n",
    "POST /process HTTP/1.1\r\n\r\n",
    "POST /process HTTP/1.1\r\nHost: a b<>\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "POST http://other.example/process HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
    "POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    `POST /process HTTP/1.1\r\nHost: x\r\nX-Device-Id: ${"x".repeat(200_000)}\r\n\r\n`,
    "POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  ];
  for (const text of requests) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: b.gateway.port });
    await connection.write(Uint8Array.from(text, (c) => c.charCodeAt(0))).catch(() => {});
    await connection.closeWrite().catch(() => {});
    const buffer = new Uint8Array(4096);
    const count = await connection.read(buffer).catch(() => null);
    connection.close();
    const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    assert.doesNotMatch(answer, /^HTTP\/1\.1 (2|5)/, JSON.stringify(text.slice(0, 80)));
  }
  await stillWorks(b);
});

Deno.test("a body that comes too slowly is refused in time", async () => {
  await using gateway = startDeviceGateway({ limits: { maxBytes: 1000, timeoutMs: 50 } });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: gateway.port });
  await connection.write(
    utf8("POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"),
  );
  const buffer = new Uint8Array(1000);
  const count = await connection.read(buffer);
  connection.close();
  assert.match(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), /^HTTP\/1\.1 400 /);
});
