import assert from "node:assert/strict";
import { knownProfile } from "../../../profiles/known_profile.ts";
import type { DatabaseSync } from "node:sqlite";
import { getLogger } from "@logtape/logtape";
import { GatewayConfig } from "../../../gateway/config.ts";
import { type Gateway, startGateway } from "../../../gateway/gateway.ts";
import { createEventStreams } from "../../../gateway/api/event_streams.ts";
import { createSampleFeed } from "../../../gateway/ingest/sample_feed.ts";
import { createChangeReader } from "../../../gateway/store/change_reader.ts";
import { createStoreChanges } from "../../../gateway/store/changes.ts";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import { systemRandom } from "../../../platform/random.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openLocalApi } from "../../../gateway/local_api.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { layEmptyDatabase } from "../../fakes/empty_database.ts";
import { ended } from "../../fakes/until.ts";

const log = getLogger(["test"]);

interface Running extends AsyncDisposable {
  readonly folder: string;
  readonly gateway: Gateway;
  readonly clock: FakeClock;
}

async function start(): Promise<Running> {
  const folder = Deno.makeTempDirSync();
  layEmptyDatabase(folder);
  const clock = new FakeClock();
  const io = { dataDir: folder, clock, random: systemRandom, log, version: "1.0.0" };
  const gateway = await startGateway(GatewayConfig.parse({ port: 0 }), io);
  return {
    folder,
    gateway,
    clock,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function changesOf(db: DatabaseSync) {
  return { changes: createStoreChanges({ db, clock: new FakeClock() }), changeReader: () => createChangeReader(db) };
}

/** Reads a stream of events until one satisfies `wanted`, or it ends. */
async function until(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  wanted: (text: string) => boolean,
): Promise<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!wanted(text)) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
  }
  await reader.cancel();
  return text;
}

async function openStream(
  { gateway }: Running,
): Promise<{ body: ReadableStream<Uint8Array<ArrayBuffer>>; tokenId: string }> {
  const { secret, token } = await gateway.management.createToken({ name: "test", role: "viewer" });
  const response = await fetch(`${gateway.url}/events`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.ok(response.body);
  return { body: response.body, tokenId: token.id };
}

Deno.test("a new device is told, also when another process of this machine adds it", async () => {
  await using running = await start();
  const { body } = await openStream(running);
  const told = until(body, (text) => text.includes("roof"));
  const io = { clock: running.clock, random: systemRandom, log, version: "1.0.0" };
  await using local = await openLocalApi(running.folder, io);
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify({ device_id: "roof" }) };
  assert.equal((await local.answer(new Request("http://local/api/v1/devices", request))).status, 201);
  await running.clock.advance(1_000);
  assert.match(await told, /event: device\ndata: \{"device_id":"roof","state":null\}\n\n/);
});

Deno.test("a stream ends when its token is revoked", async () => {
  await using running = await start();
  const { body, tokenId } = await openStream(running);
  const ended = until(body, () => false);
  await running.gateway.management.revokeToken(tokenId);
  await running.clock.advance(1_000);
  assert.match(await ended, /^retry: 2000\n\n/);
});

Deno.test("a gateway that stops ends its open streams, and waits for no time to pass", async () => {
  const running = await start();
  const { body } = await openStream(running);
  const told = until(body, () => false);
  await ended(running[Symbol.asyncDispose](), "the stop");
  await told;
});

Deno.test("nobody reads events without credentials", async () => {
  await using running = await start();
  const response = await fetch(`${running.gateway.url}/events`);
  assert.equal(response.status, 401);
  await response.body?.cancel();
});

Deno.test("stored samples are told with physical values; a reader that does not read is cut off, others are not", async () => {
  const folder = Deno.makeTempDirSync();
  using db = openGatewayDatabase(folder);
  const stop = new AbortController();
  const feed = createSampleFeed(log);
  const streams = createEventStreams({
    feed,
    profileOf: knownProfile,
    ...changesOf(db),
    clock: new FakeClock(),
    log,
    signal: stop.signal,
  });
  const quick = streams.open("a token", () => true).getReader();
  const slow = streams.open("a token", () => true).getReader();
  await quick.read();
  for (let at = 1; at <= 300; at++) {
    const series = { profile: "ecowatt", registers: ["Vac1", "Pac"], samples: [{ at, values: [2301, 900 + at] }] };
    const batch = { device: DeviceId.parse("roof"), inverter: "a", series, quality: "exact", receivedAt: at } as const;
    feed.stored([batch]);
    const { value } = await quick.read();
    const data = {
      device_id: "roof",
      inverter: "a",
      time_ms: at,
      quality: "exact",
      values: { Vac1: 230.1, Pac: 900 + at },
    };
    assert.equal(new TextDecoder().decode(value), `event: sample\ndata: ${JSON.stringify(data)}\n\n`);
  }
  let waiting = 0;
  while (!(await slow.read()).done) waiting++;
  assert.ok(waiting > 0 && waiting <= 256, `${waiting} messages were kept`);
  stop.abort();
  assert.equal((await quick.read()).done, true);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("one token has a quarter of the streams at most, and keeps nobody else out", async () => {
  await using running = await start();
  const { management, url } = running.gateway;
  const { secret } = await management.createToken({ name: "greedy", role: "viewer" });
  const ask = () => fetch(`${url}/events`, { headers: { authorization: `Bearer ${secret}` } });
  const open = await Promise.all(Array.from({ length: 16 }, ask));
  assert.deepEqual(open.map(({ status }) => status), Array(16).fill(200));
  const refused = await ask();
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "30"]);
  assert.match(await refused.text(), /Cannot open more than 16 streams of events with one token/);
  const { body } = await openStream(running);
  for (const stream of [body, ...open.map((response) => response.body)]) await stream?.cancel();
});

Deno.test("there is a bound on streams, and a place is free again when a reader goes", async () => {
  const folder = Deno.makeTempDirSync();
  using db = openGatewayDatabase(folder);
  const stop = new AbortController();
  const feed = createSampleFeed(log);
  const streams = createEventStreams({
    feed,
    profileOf: knownProfile,
    ...changesOf(db),
    clock: new FakeClock(),
    log,
    signal: stop.signal,
  });
  const one = (reader: string) => streams.open(reader, () => true);
  const open = Array.from({ length: 64 }, (_, i) => one(`token ${i}`));
  assert.throws(() => one("another"), /Cannot open more than 64/);
  await open[0]?.cancel();
  one("another");
  stop.abort();
  assert.throws(() => one("another"), /stops/);
  await Deno.remove(folder, { recursive: true });
});
