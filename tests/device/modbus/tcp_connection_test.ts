import { lineTo } from "./tcp_line.ts";
import assert from "node:assert/strict";
import { tcpLine } from "../../../device/modbus/lines.ts";
import { busOn, clock, faultOf, stillBusOn, tcpPeer, value, valuesAt } from "./peer.ts";

Deno.test("what is not Modbus TCP ends the connection, and the next one works", async () => {
  await using peer = tcpPeer((visit) =>
    visit.send(visit.turn === 1 ? new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n") : visit.answer())
  );
  await using bus = busOn(lineTo(peer), { retries: 0 });
  const outcome = await bus.read(1, "holding", 0, 1);
  assert.equal(faultOf(outcome), "line");
  assert.ok(!outcome.ok && outcome.fault.message.includes("not Modbus TCP"));
  await clock.advance(550);
  assert.deepEqual(value(await bus.read(1, "holding", 0, 1)), [1000]);
  assert.equal(peer.connections.total, 2);
  assert.equal(bus.counters().reconnects, 1);
});

Deno.test("an answer that stops half-way ends the connection, as what follows could be taken for its rest", async () => {
  await using peer = tcpPeer((visit) => visit.send(visit.turn === 2 ? visit.answer().subarray(0, 9) : visit.answer()));
  await using bus = busOn(lineTo(peer));
  value(await bus.read(1, "holding", 0, 4));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 4)), valuesAt(0, 4));
  assert.equal(peer.connections.total, 2);
});

Deno.test("a connection lost in the middle of an answer is opened again at once", async () => {
  await using peer = tcpPeer(async (visit) => {
    if (visit.turn !== 2) return await visit.send(visit.answer());
    await visit.send(visit.answer().subarray(0, 5));
    visit.hangUp();
  });
  await using bus = busOn(lineTo(peer));
  value(await bus.read(1, "holding", 0, 1));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [1000, 1001]);
  assert.equal(bus.counters().reconnects, 1);
  assert.equal(bus.state(1).session, 2);
});

Deno.test("a connection that the device closed while idle costs no request", async () => {
  await using peer = tcpPeer(async (visit) => {
    await visit.send(visit.answer());
    visit.hangUp();
  });
  await using bus = busOn(lineTo(peer));
  for (let turn = 0; turn < 3; turn++) {
    value(await bus.read(1, "holding", 0, 1));
    await clock.advance(5);
    assert.equal(peer.connections.open, 0);
  }
  assert.equal(peer.connections.total, 3);
  assert.equal(bus.state(1).counters.timeouts, 0);
});

Deno.test("a device that serves one client at a time is never asked for a second connection", async () => {
  let most = 0;
  await using peer = tcpPeer(async (visit) => {
    most = Math.max(most, peer.connections.open);
    if (visit.turn % 3 === 0) return visit.hangUp();
    await visit.send(visit.answer());
  });
  await using bus = busOn(lineTo(peer), { retries: 3 });
  const reads = Array.from({ length: 12 }, (_, i) => bus.read(1 + i % 2, "holding", i, 1));
  for (const [i, outcome] of (await Promise.all(reads)).entries()) assert.deepEqual(value(outcome), [1000 + i]);
  assert.equal(most, 1);
});

Deno.test("a device that swallows the first request is answered by the retry, or by a pause after connecting", async () => {
  await using peer = tcpPeer((visit) => visit.turn === 1 ? undefined : visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer, { connectDelayMs: 30 }));
  const before = clock.monotonic();
  assert.deepEqual(value(await bus.read(1, "holding", 0, 1)), [1000]);
  assert.ok(clock.monotonic() - before >= 30);
});

Deno.test("three requests in a row without an answer open the connection again", async () => {
  await using peer = tcpPeer((visit) => visit.turn <= 3 ? undefined : visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer), { retries: 3 });
  assert.deepEqual(value(await bus.read(1, "holding", 0, 1)), [1000]);
  assert.equal(peer.connections.total, 2);
});

Deno.test("a connection that is idle for long enough is given back, and opened for the next request", async () => {
  await using peer = tcpPeer((visit) => visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer, { idleCloseMs: 30 }));
  value(await bus.read(1, "holding", 0, 1));
  await clock.advance(29);
  assert.equal(peer.connections.open, 1);
  await clock.advance(1);
  assert.equal(peer.connections.open, 0);
  value(await bus.read(1, "holding", 0, 1));
  assert.equal(peer.connections.total, 2);
  assert.equal(bus.counters().reconnects, 0);
});

Deno.test("a connection that is old enough is replaced", async () => {
  await using peer = tcpPeer((visit) => visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer, { maxAgeMs: 20 }));
  value(await bus.read(1, "holding", 0, 1));
  await clock.advance(20);
  value(await bus.read(1, "holding", 0, 1));
  assert.equal(peer.connections.total, 2);
});

Deno.test("a refused connection says so, is not tried again at once, and works when somebody listens", async () => {
  const peer = tcpPeer(() => {});
  const { port } = peer;
  await peer[Symbol.asyncDispose]();
  await using bus = busOn(tcpLine({ host: "127.0.0.1", port }, clock));
  const refused = await bus.read(1, "holding", 0, 1);
  assert.equal(faultOf(refused), "line");
  assert.ok(!refused.ok && refused.fault.message.includes("refused") && refused.fault.message.includes(`:${port}`));
  assert.equal(faultOf(await bus.read(1, "holding", 0, 1)), "line");
  assert.equal(bus.counters().openFailures, 1);
});

/** A port on which nobody takes connections: its queue is full, so that a further attempt hangs. */
async function fullPort(): Promise<Disposable & { readonly port: number }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  // As many as the kernel takes with a backlog of one: listen(2) lets one more in than it is told.
  const fillers = [
    await Deno.connect({ port, hostname: "127.0.0.1" }),
    await Deno.connect({ port, hostname: "127.0.0.1" }),
  ];
  return {
    port,
    [Symbol.dispose]() {
      for (const filler of fillers) filler.close();
      listener.close();
    },
  };
}

Deno.test("a connection attempt that hangs is given up after its timeout, with a text that says what to check", async () => {
  using full = await fullPort();
  await using bus = busOn(tcpLine({ host: "127.0.0.1", port: full.port, connectTimeoutMs: 50 }, clock));
  const outcome = await bus.read(1, "holding", 0, 1);
  assert.equal(faultOf(outcome), "line");
  assert.ok(!outcome.ok && outcome.fault.message.includes("no connection within 50 ms"));
});

Deno.test("closing ends a connection attempt that hangs", async () => {
  using full = await fullPort();
  const bus = stillBusOn(tcpLine({ host: "127.0.0.1", port: full.port }, clock));
  const waiting = bus.read(1, "holding", 0, 1);
  await clock.advance(10);
  await bus[Symbol.asyncDispose](); // no time passes
  assert.equal(faultOf(await waiting), "aborted");
});
