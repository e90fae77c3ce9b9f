import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { utf8 } from "../../../crypto/bytes.ts";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { openBoundAnswers } from "../../../device/store/bound_answers.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import { Sequence } from "../../../device/store/sequence.ts";
import type { ExchangeReport } from "../../../device/uplink/exchange.ts";
import { GatewayClient } from "../../../device/uplink/gateway_client.ts";
import { deviceRoute, jsonAnswer } from "../../../gateway/http/device_route.ts";
import { systemRandom } from "../../../platform/random.ts";
import {
  type DeviceKey,
  parseSignedRequest,
  signRequest,
  signResponse,
  verifySignedRequest,
} from "../../../protocol/device_signature.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { addSigned, type DeviceGateway, send, signedPost, startDeviceGateway } from "../../fakes/device_gateway.ts";
import { olderGateway, olderNodeTakes } from "../../fakes/older_link.ts";
import { testKey } from "../../fakes/signing_gateway.ts";

const HOUR_MS = 3_600_000;
const changes = deviceRoute(
  "/changes",
  z.object({ device_id: z.string() }),
  ({ device }) => jsonAnswer(200, { device: device.deviceId }),
);

/** What a line does with a request. */
type Line = (request: Request) => Promise<Response>;

/** A node's way to its gateway, in one process; another one with the same database is the node after a restart. */
async function startNode(line: Line, { key = testKey, db = openNodeDatabase(":memory:") } = {}) {
  const clock = new FakeClock();
  const reports: ExchangeReport[] = [];
  const sent: Request[] = [];
  const way: { line: Line } = { line };
  const client = new GatewayClient({
    url: "http://gateway.test",
    key,
    sequence: new Sequence(db),
    bound: await openBoundAnswers(db, key),
    clock,
    random: systemRandom,
    fetch(input, init) {
      const request = new Request(input, init);
      sent.push(request.clone());
      return way.line(request);
    },
    observers: [{ exchanged: (report) => void reports.push(report) }],
  });
  const ask = () => client.post("/changes", { device_id: key.deviceId }, new AbortController().signal);
  return { ask, db, clock, reports, sent, way };
}

/** This version's gateway as a line. */
function newerGateway(key: DeviceKey): Line {
  return async (request) => {
    const body = new Uint8Array(await request.clone().arrayBuffer());
    const claim = parseSignedRequest({ method: request.method, url: request.url, fields: request.headers });
    const outcome = claim.ok ? await verifySignedRequest(claim.value, body, key) : claim;
    if (!outcome.ok) return new Response(outcome.detail, { status: 401 });
    const answer = utf8(JSON.stringify({ number: outcome.value.sequence }));
    return new Response(answer, {
      headers: {
        "content-type": "application/json",
        ...await signResponse(outcome.value, { status: 200, body: answer, created: 1 }),
      },
    });
  };
}

/** The gateway of version 0.1 as a line. */
function olderLine(key: DeviceKey): Line {
  return olderGateway(key, (sequence) => ({ status: 200, body: { number: sequence } }));
}

/** To a gateway that listens. */
function lineTo(gateway: DeviceGateway): Line {
  return (request) => fetch(new Request(request.url.replace("http://gateway.test", gateway.url), request));
}

function hasNonce(request: Request): boolean {
  return request.headers.get("signature-input")?.includes(";nonce=") ?? false;
}

function numberOf(request: Request): number {
  return Number(request.headers.get("x-sequence-number"));
}

function reservedUpTo(db: DatabaseSync): number {
  return Number(db.prepare("SELECT reserved_sequence AS n FROM state").get()?.["n"]);
}

Deno.test("a node and a gateway of this version: every request has a nonce of its own, and its answer is bound to it", async () => {
  await using gateway = startDeviceGateway({ routes: [changes] });
  const key = await addSigned(gateway.store, "roof");
  const node = await startNode(lineTo(gateway), { key });
  for (let n = 0; n < 3; n++) {
    assert.deepEqual(await node.ask(), { kind: "answer", status: 200, body: { device: "roof" } });
  }
  assert.deepEqual(node.sent.map(hasNonce), [true, true, true]);
  const nonces = node.sent.map((request) => /nonce="([^"]+)"/.exec(request.headers.get("signature-input") ?? "")?.[1]);
  assert.equal(new Set(nonces).size, 3);
  assert.deepEqual(node.reports.map(({ unbound }) => unbound), [undefined, undefined, undefined]);
});

Deno.test("an older node and a gateway of this version: it gets the form that it knows, alone, refusals too", async () => {
  await using gateway = startDeviceGateway({ routes: [changes] });
  const key = await addSigned(gateway.store, "roof");
  const post = await signedPost(gateway, key, 7, { device_id: "roof" }, "/changes");
  const answer = await send(gateway, post);
  assert.equal(answer.status, 200);
  assert.ok(await olderNodeTakes(key, 7, answer));
  const replayed = await send(gateway, post);
  assert.deepEqual([replayed.status, replayed.json.reason], [401, "replay"]);
  assert.ok(await olderNodeTakes(key, 7, replayed));
});

Deno.test("a node of this version and an older gateway work together, at one refused request an hour", async () => {
  const node = await startNode(olderLine(testKey));
  for (let n = 0; n < 3; n++) {
    const exchange = await node.ask();
    assert.equal(exchange.kind, "answer");
  }
  assert.deepEqual(node.sent.map(hasNonce), [true, false, false, false]);
  assert.deepEqual(node.reports.map(({ unbound }) => unbound), [true, true, true]);
  await node.clock.advance(HOUR_MS);
  assert.equal((await node.ask()).kind, "answer");
  assert.deepEqual(node.sent.slice(4).map(hasNonce), [true, false]);
});

Deno.test("a replay that an older gateway refuses is answered from the number that it names", async () => {
  const node = await startNode(
    olderGateway(
      testKey,
      (sequence) =>
        sequence < 2 ** 40
          ? { status: 401, body: { reason: "replay", next_sequence: 2 ** 40 } }
          : { status: 200, body: { number: sequence } },
    ),
  );
  assert.deepEqual(await node.ask(), { kind: "answer", status: 200, body: { number: 2 ** 40 }, again: true });
});

Deno.test("an older node and an older gateway: the two that the tests have understand each other", async () => {
  const post = await signedPost({ url: "http://gateway.test" }, testKey, 7, {}, "/changes");
  const response = await olderLine(testKey)(
    new Request("http://gateway.test/changes", { method: "POST", headers: post.headers, body: post.body }),
  );
  const answer = { status: response.status, headers: response.headers, raw: await response.bytes() };
  assert.ok(await olderNodeTakes(testKey, 7, answer));
  assert.equal(await olderNodeTakes(testKey, 8, answer), false);
});

Deno.test("that a gateway was updated is noticed within the hour, and no older form is taken from then on", async () => {
  const node = await startNode(olderLine(testKey));
  await node.ask();
  node.way.line = newerGateway(testKey);
  await node.ask();
  assert.equal(hasNonce(node.sent.at(-1)!), false, "it is asked in the form that it took a moment ago");
  await node.clock.advance(HOUR_MS);
  assert.equal((await node.ask()).kind, "answer");
  assert.ok(hasNonce(node.sent.at(-1)!));
  node.way.line = olderLine(testKey);
  const before = node.sent.length;
  assert.equal((await node.ask()).kind, "unproven");
  await node.clock.advance(HOUR_MS);
  assert.equal((await node.ask()).kind, "unproven");
  assert.deepEqual(node.sent.slice(before).map(hasNonce), [true, true], "it is never asked without a nonce again");
});

Deno.test("what a gateway can is remembered over restarts, for the key: another one is another gateway's", async () => {
  const node = await startNode(newerGateway(testKey));
  await node.ask();
  const restarted = await startNode(olderLine(testKey), { db: node.db });
  assert.equal((await restarted.ask()).kind, "unproven");
  assert.deepEqual(restarted.sent.map(hasNonce), [true]);
  const hmac = await importHmacKey(new Uint8Array(32).fill(8));
  const other: DeviceKey = { ...testKey, hmac };
  const moved = await startNode(olderLine(other), { db: node.db, key: other });
  assert.equal((await moved.ask()).kind, "answer");
});

Deno.test("a disk that does not take it does not make a node forget, and is asked again", async () => {
  const node = await startNode(newerGateway(testKey));
  node.db.exec("CREATE TEMP TRIGGER full BEFORE INSERT ON bound_answer BEGIN SELECT RAISE(ABORT, 'full'); END");
  assert.equal((await node.ask()).kind, "answer");
  node.way.line = olderLine(testKey);
  assert.equal((await node.ask()).kind, "unproven");
  node.way.line = newerGateway(testKey);
  node.db.exec("DROP TRIGGER full");
  await node.ask();
  const restarted = await startNode(olderLine(testKey), { db: node.db });
  assert.equal((await restarted.ask()).kind, "unproven");
});

Deno.test("the bound form cannot be stripped from an answer, not even for a node that never saw one", async () => {
  const strip: Line = async (request) => {
    const response = await newerGateway(testKey)(request);
    const headers = new Headers(response.headers);
    for (const name of ["signature-input", "signature"]) headers.set(name, headers.get(name)!.split(", ")[0]!);
    return new Response(response.body, { status: response.status, headers });
  };
  const fresh = await startNode(strip);
  assert.equal((await fresh.ask()).kind, "unproven");
  const seen = await startNode(newerGateway(testKey));
  await seen.ask();
  seen.way.line = strip;
  assert.equal((await seen.ask()).kind, "unproven");
});

/** Records what a gateway answers and gives it again, by number, when it is told to. */
function recorder(gateway: Line) {
  const answers = new Map<number, Response>();
  const line: Line = async (request) => {
    const number = numberOf(request);
    const response = await gateway(request);
    if (response.ok) answers.set(number, response.clone());
    return response;
  };
  const replay: Line = (request) => {
    const recorded = answers.get(numberOf(request));
    return Promise.resolve(recorded?.clone() ?? new Response("nothing", { status: 502 }));
  };
  return { line, replay, answers };
}

Deno.test("a node whose numbers went back acts on no answer that was recorded, whatever the gateway was then", async (t) => {
  const cases: readonly [string, Line, boolean][] = [
    ["a new card, and a gateway of this version", newerGateway(testKey), false],
    ["an image of the disk, and a gateway of this version", newerGateway(testKey), true],
    ["a new card, and an older gateway", olderLine(testKey), false],
    ["an image of the disk, and an older gateway", olderLine(testKey), true],
  ];
  for (const [name, gateway, keepsMemory] of cases) {
    await t.step(name, async () => {
      const { line, replay, answers } = recorder(gateway);
      const node = await startNode(line);
      for (let n = 0; n < 20; n++) assert.equal((await node.ask()).kind, "answer");
      const db = openNodeDatabase(":memory:");
      if (keepsMemory) {
        for (const row of node.db.prepare("SELECT key FROM bound_answer").all()) {
          db.prepare("INSERT INTO bound_answer VALUES (?)").run(row["key"] ?? null);
        }
      }
      const restored = await startNode(replay, { db });
      for (let n = 0; n < 30; n++) assert.notEqual((await restored.ask()).kind, "answer");
      assert.ok(gateway.length === 0 || answers.size >= 20);
    });
  }
});

/** What the gateway answered a node up to a number, for whoever listened; each answer is made when it is given. */
function recordedUpTo(last: number): Line {
  return async ({ url, headers }) => {
    const sequence = Number(headers.get("x-sequence-number"));
    if (sequence > last) return new Response("nothing", { status: 502 });
    const sent = { method: "POST", url, body: utf8("{}"), sequence, created: 1, nonce: systemRandom.bytes(16) };
    const signed = await signRequest(testKey, sent);
    return newerGateway(testKey)(new Request(url, { method: "POST", headers: signed.headers, body: sent.body }));
  };
}

Deno.test("who refuses nonces in the gateway's place has no recorded answer for what is sent then", async () => {
  const used = 2000;
  const replay = recordedUpTo(used);
  const restored = await startNode((request) =>
    hasNonce(request) ? Promise.resolve(new Response("no", { status: 401 })) : replay(request)
  );
  for (let n = 0; n < 200; n++) assert.notEqual((await restored.ask()).kind, "answer");
  const numbers = restored.sent.filter((request) => !hasNonce(request)).map(numberOf);
  assert.ok(Math.min(...numbers) > used, "they are beyond all that were used");
  assert.ok(reservedUpTo(restored.db) >= Math.max(...numbers), "and reserved before they are used");
});

Deno.test("a gateway that is none is asked without a nonce only when it says that this is not authentic", async () => {
  for (const status of [200, 302, 400, 403, 404, 422, 500, 503]) {
    const node = await startNode(() => Promise.resolve(new Response("", { status })));
    assert.equal((await node.ask()).kind, "unproven");
    assert.deepEqual(node.sent.map(hasNonce), [true], String(status));
  }
  const refusing = await startNode(() => Promise.resolve(new Response("", { status: 401 })));
  assert.equal((await refusing.ask()).kind, "unproven");
  assert.deepEqual(refusing.sent.map(hasNonce), [true, false]);
});
