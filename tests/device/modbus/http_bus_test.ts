import assert from "node:assert/strict";
import { httpLine } from "../../../device/modbus/http_line.ts";
import { clock, faultOf, stillBusOn as busOn, value } from "./peer.ts";

type Handler = (call: { path: string; frame: string; key: string | null }) => Response | Promise<Response>;

function simulator(handler: Handler): AsyncDisposable & { readonly url: string } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { frame } = await request.json();
    return await handler({ path: new URL(request.url).pathname, frame, key: request.headers.get("authorization") });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

function lineTo(url: string) {
  return httpLine({ baseUrl: url, apiKey: "test-key" }, clock);
}

// Frames of the inverter simulator's documents.
const ASKED = "110300000002C69B";
const ANSWERED = "1103040904002A2870";

Deno.test("reads and writes go to the simulator as hex frames with the key as it is", async () => {
  const calls: unknown[] = [];
  await using server = simulator((call) => {
    calls.push(call);
    return Response.json({ frame: call.frame === ASKED ? ANSWERED : call.frame });
  });
  await using bus = busOn(lineTo(`${server.url}/`));
  assert.deepEqual(value(await bus.read(17, "holding", 0, 2)), [2308, 42]);
  value(await bus.write(17, 8, [16]));
  assert.deepEqual(calls, [
    { path: "/api/inverter/read", frame: ASKED, key: "test-key" },
    { path: "/api/inverter/write", frame: "1106000800100B54", key: "test-key" },
  ]);
});

Deno.test("an exception frame is an exception", async () => {
  await using server = simulator(() => Response.json({ frame: "11860303A4" }));
  await using bus = busOn(lineTo(server.url));
  const outcome = await bus.write(17, 8, [5000]);
  assert.ok(!outcome.ok && outcome.fault.kind === "exception" && outcome.fault.code === 3);
});

const BAD: readonly [why: string, body: () => Response, kind: string][] = [
  ["a blank frame", () => Response.json({ frame: "" }), "timeout"],
  ["a blank body", () => new Response(""), "timeout"],
  ["a wrong CRC", () => Response.json({ frame: "1103040904002A2871" }), "crc"],
  ["half a byte", () => Response.json({ frame: "1103040904002A287" }), "crc"],
  ["words", () => Response.json({ frame: "hello" }), "crc"],
  ["another unit", () => Response.json({ frame: "0181018190" }), "foreign"],
  ["another length", () => Response.json({ frame: "11031409040000138F066A066300000000016100320000BAAD" }), "foreign"],
  ["no frame", () => Response.json({ error: "no" }), "foreign"],
  ["a number", () => Response.json({ frame: 17 }), "foreign"],
  ["HTML", () => new Response("<html>"), "foreign"],
  ["an endless body", () => new Response("x".repeat(100_000)), "line"],
  ["a refused key", () => new Response("no", { status: 401 }), "line"],
  ["a server error", () => new Response("", { status: 500 }), "line"],
];
for (const [why, body, kind] of BAD) {
  Deno.test(`${why} is a ${kind} fault, and the next good answer is taken`, async () => {
    let turn = 0;
    await using server = simulator(() => turn++ === 0 ? body() : Response.json({ frame: ANSWERED.toLowerCase() }));
    await using bus = busOn(lineTo(server.url), { retries: 0, backoff: { stepMs: 0 } });
    const outcome = await bus.read(17, "holding", 0, 2);
    assert.equal(faultOf(outcome), kind);
    assert.ok(!outcome.ok && !outcome.fault.message.includes("test-key"));
    if (kind === "line") await clock.advance(510);
    assert.deepEqual(value(await bus.read(17, "holding", 0, 2)), [2308, 42]);
  });
}

Deno.test("a slow simulator is a timeout, and closing the bus does not wait for it", async () => {
  const release = Promise.withResolvers<void>();
  let asked = Promise.withResolvers<void>();
  await using server = simulator(async () => {
    asked.resolve();
    await release.promise;
    return Response.json({ frame: ANSWERED });
  });
  const bus = busOn(lineTo(server.url), { retries: 0, timeoutMs: 60 });
  const late = bus.read(17, "holding", 0, 2);
  await asked.promise;
  await clock.advance(150);
  assert.equal(faultOf(await late), "timeout");
  asked = Promise.withResolvers();
  const waiting = bus.read(18, "holding", 0, 2, { timeoutMs: 60_000 });
  await asked.promise;
  await bus[Symbol.asyncDispose]();
  assert.equal(faultOf(await waiting), "aborted");
  release.resolve();
});
