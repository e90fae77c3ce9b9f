import assert from "node:assert/strict";
import { type Bytes, utf8 } from "../../../crypto/bytes.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import type { ExchangeReport } from "../../../device/uplink/exchange.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { parseSignedRequest, signResponse, verifySignedRequest } from "../../../protocol/device_signature.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { systemRandom as random } from "../../../platform/random.ts";
import { forgetfulNode, testKey } from "../../fakes/signing_gateway.ts";

interface Served {
  readonly type: string;
  readonly body: Bytes;
  /** Numbers that were used before: they are refused, and this one is named. */
  readonly refusedBelow?: number;
  /** What arrives instead of the body that was signed. */
  readonly arrives?: Bytes;
}

/** A client whose gateway answers so; and what it was asked to accept. */
function clientOf({ type, body, arrives = body, refusedBelow = 0 }: Served) {
  const accepted: (string | null)[] = [];
  const numbers: number[] = [];
  const advanced: number[] = [];
  const gateway: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    accepted.push(request.headers.get("accept"));
    const claim = parseSignedRequest({ method: request.method, url: request.url, fields: request.headers });
    assert.ok(claim.ok);
    const verified = await verifySignedRequest(claim.value, new Uint8Array(await request.arrayBuffer()), testKey);
    assert.ok(verified.ok);
    numbers.push(verified.value.sequence);
    const replayed = verified.value.sequence < refusedBelow;
    const status = replayed ? 401 : 200;
    const said = replayed ? utf8(JSON.stringify({ detail: "used", next_sequence: refusedBelow })) : body;
    const signature = await signResponse(verified.value, { status, body: said, created: 1 });
    const headers = { ...signature, "content-type": type, "x-chunk-number": "3" };
    return new Response(replayed ? said : arrives, { status, headers });
  };
  const db = openNodeDatabase(":memory:");
  const client = new GatewayClient({
    url: "http://gateway.test",
    key: testKey,
    sequence: new Sequence(db),
    bound: forgetfulNode(),
    random,
    observers: [{ exchanged: ({ advancedTo }) => advancedTo === undefined || advanced.push(advancedTo) }],
    clock: new FakeClock(),
    fetch: gateway,
  });
  return { accepted, numbers, advanced, ask: () => client.post("/ota/chunk", {}, new AbortController().signal) };
}

const bytes = new Uint8Array([0, 255, 123, 125]);
const OCTETS = "application/octet-stream";

Deno.test("bytes are asked for before JSON, and come as they are with their header fields", async () => {
  const { accepted, ask } = clientOf({ type: OCTETS, body: bytes });
  const answer = await ask();
  assert.ok(answer.kind === "answer");
  const { octets, fields } = Object(answer.body);
  assert.deepEqual(octets, bytes);
  assert.equal(fields["x-chunk-number"], "3");
  assert.deepEqual(accepted, ["application/octet-stream, application/json;q=0.9"]);
});

Deno.test("a gateway that answers JSON is understood as well", async () => {
  const answer = await clientOf({ type: "application/json", body: utf8('{"chunk":1}') }).ask();
  assert.ok(answer.kind === "answer");
  assert.deepEqual(answer.body, { chunk: 1 });
});

Deno.test("bytes that were changed on their way are not the gateway's", async () => {
  for (const arrives of [bytes.with(0, 1), bytes.slice(1), new Uint8Array()]) {
    const answer = await clientOf({ type: OCTETS, body: bytes, arrives }).ask();
    assert.equal(answer.kind, "unproven");
  }
});

/** What becomes of an answer of which so many bytes come every so many milliseconds. */
async function dripping(pieceBytes: number, everyMs: number, total = 65_536) {
  const clock = new FakeClock();
  const answer = new Uint8Array(total);
  const gateway: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const claim = parseSignedRequest({ method: request.method, url: request.url, fields: request.headers });
    assert.ok(claim.ok);
    const verified = await verifySignedRequest(claim.value, new Uint8Array(await request.arrayBuffer()), testKey);
    assert.ok(verified.ok);
    let sent = 0;
    const body = new ReadableStream({
      start: (controller) => init?.signal?.addEventListener("abort", () => controller.error(new Error("aborted"))),
      async pull(controller) {
        await clock.sleep(everyMs, init?.signal ?? undefined);
        if (init?.signal?.aborted) return;
        controller.enqueue(answer.slice(sent, sent += pieceBytes));
        if (sent >= total) controller.close();
      },
    }, { highWaterMark: 0 });
    const signature = await signResponse(verified.value, { status: 200, body: answer, created: 1 });
    return new Response(body, { headers: { ...signature, "content-type": OCTETS } });
  };
  let last = 0;
  const sequence = { take: () => ++last, advanceTo: () => false };
  const io = { sequence, bound: forgetfulNode(), clock, random, fetch: gateway };
  const client = new GatewayClient({ url: "http://gateway.test", key: testKey, ...io });
  let ended = false;
  const asked = client.post("/ota/chunk", {}, new AbortController().signal).finally(() => ended = true);
  while (!ended) await clock.advance(everyMs);
  return { exchange: await asked, seconds: clock.monotonic() / 1000 };
}

Deno.test("a line of 15 kbit/s brings a whole chunk, however long that takes", async () => {
  const { exchange, seconds } = await dripping(9_375, 5_000, 262_144);
  assert.equal(exchange.kind, "answer");
  assert.ok(seconds > 120, `${seconds} s`);
});

Deno.test("an answer that drips below 512 bytes/s is given up, and so is one that stops", async () => {
  const dripped = await dripping(1_000, 10_000);
  assert.deepEqual(dripped.exchange, {
    kind: "unreachable",
    message: "the answer comes at less than 512 bytes/s",
    drips: true,
  });
  assert.ok(dripped.seconds < 60, `${dripped.seconds} s`);
  const stopped = await dripping(60_000, 31_000);
  assert.deepEqual(stopped.exchange, { kind: "unreachable", message: "no answer in time" });
});

Deno.test("a request with a number that was used before is made again at once, from the number that the gateway names", async () => {
  const { ask, numbers, advanced } = clientOf({
    type: "application/json",
    body: utf8('{"chunk":1}'),
    refusedBelow: 70_000,
  });
  const answers = await Promise.all([ask(), ask(), ask()]);
  assert.deepEqual(answers.map((answer) => answer.kind === "answer" && answer.status), [200, 200, 200]);
  assert.deepEqual(numbers.sort((a, b) => a - b), [1, 2, 3, 70_000, 70_001, 70_002]);
  assert.deepEqual(advanced, [70_000]);
});

Deno.test("who refuses every number is not asked for ever", async () => {
  const { ask, numbers } = clientOf({ type: "application/json", body: utf8("{}"), refusedBelow: 2 ** 53 - 1 });
  const answer = await ask();
  assert.deepEqual([answer.kind === "answer" && answer.status, numbers], [401, [1, 2]]);
});

Deno.test("observers hear of an exchange once, and of none that ends with the program", async () => {
  const told: ExchangeReport[] = [];
  const stop = new AbortController();
  const clock = new FakeClock();
  const client = new GatewayClient({
    url: "http://gateway.test",
    key: testKey,
    sequence: new Sequence(openNodeDatabase(":memory:")),
    bound: forgetfulNode(),
    random,
    clock,
    fetch: async () => {
      await clock.sleep(250);
      throw new Error("connection refused");
    },
    observers: [{ exchanged: (report) => void told.push(report) }],
  });
  await clock.advance(1_000);
  const exchange = { kind: "unreachable", message: "connection refused" };
  const first = client.post("/changes", {}, stop.signal);
  await clock.advance(250);
  assert.deepEqual(await first, exchange);
  assert.deepEqual(told, [{ path: "/changes", exchange, beganAt: 1_000, tookMs: 250 }]);
  const second = client.post("/changes", {}, stop.signal);
  stop.abort();
  await clock.advance(250);
  await second;
  assert.equal(told.length, 1);
});

Deno.test("a redirect is no answer: where it leads to is not asked", async () => {
  const asked: string[] = [];
  const serve = (answer: () => Response) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      await request.bytes();
      asked.push(new URL(request.url).pathname);
      return answer();
    });
  await using elsewhere = serve(() => new Response("{}"));
  for (const status of [301, 302, 303, 307, 308]) {
    const location = `http://127.0.0.1:${elsewhere.addr.port}/elsewhere`;
    await using portal = serve(() => new Response("", { status, headers: { location } }));
    const client = new GatewayClient({
      url: `http://127.0.0.1:${portal.addr.port}`,
      key: testKey,
      sequence: new Sequence(openNodeDatabase(":memory:")),
      bound: forgetfulNode(),
      clock: new FakeClock(),
      random,
      fetch,
    });
    const exchange = await client.post("/changes", {}, new AbortController().signal);
    assert.deepEqual([exchange.kind, exchange.kind === "unproven" && exchange.status], ["unproven", status]);
  }
  assert.deepEqual(asked, Array(5).fill("/changes"));
});

Deno.test("whoever redirects a signed request gets it, and nobody else", async () => {
  const elsewhere: string[] = [];
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    elsewhere.push(request.method);
    return new Response("{}");
  });
  const to = `http://127.0.0.1:${other.addr.port}/process`;
  for (const status of [301, 302, 303, 307, 308]) {
    await using gateway = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      await request.bytes();
      return new Response(null, { status, headers: { location: to } });
    });
    const client = new GatewayClient({
      url: `http://127.0.0.1:${gateway.addr.port}`,
      key: testKey,
      sequence: { take: () => 1, advanceTo: () => false },
      bound: forgetfulNode(),
      random,
      clock: new FakeClock(),
      fetch,
    });
    const exchange = await client.post("/process", {}, new AbortController().signal);
    assert.equal(exchange.kind, "unproven", `${status}`);
  }
  assert.deepEqual(elsewhere, []);
});

Deno.test("an answer of a mebibyte is read, a longer one is not, whoever signed it", async () => {
  const answered = async (length: number) => {
    const { ask } = clientOf({ type: OCTETS, body: new Uint8Array(length) });
    const exchange = await ask();
    return exchange.kind === "answer" ? "read" : exchange.message;
  };
  assert.equal(await answered(1024 * 1024), "read");
  assert.equal(await answered(1024 * 1024 + 1), "the answer is too long");
});

Deno.test("a number that is named beside a success is none to go on from", async () => {
  const { ask, numbers, advanced } = clientOf({ type: "application/json", body: utf8('{"next_sequence":70000}') });
  const exchange = await ask();
  assert.deepEqual([exchange.kind === "answer" && exchange.status, numbers, advanced], [200, [1], []]);
});
