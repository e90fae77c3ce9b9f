import { lineTo } from "./tcp_line.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../crypto/bytes.ts";
import { busOn, clock, faultOf, stillBusOn, tcpPeer, value, valuesAt } from "./peer.ts";

Deno.test("every function reads and writes through Modbus TCP", async () => {
  await using peer = tcpPeer((visit) => visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer));
  assert.deepEqual(value(await bus.read(1, "holding", 5, 3)), [1005, 1006, 1007]);
  assert.deepEqual(value(await bus.read(1, "input", 0, 125)), valuesAt(0, 125));
  assert.deepEqual(value(await bus.readBits(1, "coils", 0, 4)), [true, false, false, true]);
  assert.deepEqual(value(await bus.readBits(1, "discrete", 1, 3)), [false, false, true]);
  value(await bus.write(1, 8, [50]));
  value(await bus.write(1, 8, [50], { function: 16 }));
  value(await bus.write(1, 8, [1, 2]));
  value(await bus.writeBits(1, 3, [true]));
  value(await bus.writeBits(1, 3, [true, false]));
  value(await bus.writeBits(1, 3, [true], { function: 15 }));
  assert.deepEqual(peer.visits.map((visit) => visit.request.fc), [3, 4, 1, 2, 6, 16, 16, 5, 15, 15]);
  assert.equal(bus.state(1).status, "online");
  assert.equal(bus.counters().requests, 10);
  assert.equal(bus.counters().answers, 10);
  assert.equal(peer.connections.total, 1);
});

Deno.test("what the protocol does not allow is refused without a request", async () => {
  await using peer = tcpPeer((visit) => visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer));
  assert.equal(faultOf(await bus.read(1, "holding", 0, 126)), "refused");
  assert.equal(faultOf(await bus.read(256, "holding", 0, 1)), "refused");
  assert.equal(faultOf(await bus.read(1, "holding", 65535, 2)), "refused");
  assert.equal(faultOf(await bus.write(1, 0, [])), "refused");
  assert.equal(faultOf(await bus.write(1, 0, [70000])), "refused");
  assert.equal(faultOf(await bus.write(1, 0, [1, 2], { function: 6 })), "refused");
  assert.equal(faultOf(await bus.writeBits(1, 0, [true, true], { function: 5 })), "refused");
  assert.equal(peer.visits.length, 0);
});

Deno.test("a late answer is thrown away by its transaction id, not taken for the next", async () => {
  await using peer = tcpPeer(async (visit) => {
    if (visit.turn === 1) await clock.sleep(220);
    await visit.send(visit.answer({ base: 1000 * visit.turn }));
  });
  await using bus = busOn(lineTo(peer));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [2000, 2001]);
  await clock.advance(120);
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [3000, 3001]);
  assert.equal(bus.state(1).counters.timeouts, 1);
  assert.equal(bus.state(1).counters.foreignFrames, 1);
});

Deno.test("an answer with a wrong transaction id is passed over, and the right one behind it taken", async () => {
  await using peer = tcpPeer((visit) =>
    visit.send(concat(visit.answer({ tid: (visit.tid + 1) & 0xffff, base: 7 }), visit.answer()))
  );
  await using bus = busOn(lineTo(peer));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 1)), [1000]);
  assert.equal(bus.counters().foreignFrames, 1);
});

Deno.test("an answer of another unit is no answer, and the fault names the unit", async () => {
  await using peer = tcpPeer((visit) => visit.send(visit.answer({ unit: 9 })));
  await using bus = busOn(lineTo(peer), { retries: 0 });
  const outcome = await bus.read(1, "holding", 0, 1);
  assert.equal(faultOf(outcome), "foreign");
  assert.ok(!outcome.ok && outcome.fault.message.includes("unit 9"));
});

Deno.test("an answer that comes byte by byte is taken", async () => {
  await using peer = tcpPeer(async (visit) => {
    for (const byte of visit.answer()) {
      await visit.send(Uint8Array.of(byte));
      await clock.sleep(2);
    }
  });
  await using bus = busOn(lineTo(peer));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 10)), valuesAt(0, 10));
});

for (const code of [1, 2, 3, 4]) {
  Deno.test(`exception ${code} goes to the caller; the unit stays online and the connection open`, async () => {
    await using peer = tcpPeer((visit) => visit.send(visit.turn === 1 ? visit.exception(code) : visit.answer()));
    await using bus = busOn(lineTo(peer));
    const outcome = await bus.read(1, "holding", 0, 1);
    assert.ok(!outcome.ok && outcome.fault.kind === "exception");
    assert.equal(outcome.fault.code, code);
    value(await bus.read(1, "holding", 0, 1));
    assert.equal(bus.state(1).status, "online");
    assert.equal(peer.connections.total, 1);
    assert.equal(bus.state(1).counters.exceptions, 1);
  });
}

Deno.test("a busy device is asked again after 100 ms, then after twice as much, and for ever busy is an exception", async () => {
  await using peer = tcpPeer((visit) =>
    visit.send(visit.turn <= 2 || visit.unit === 2 ? visit.exception(6) : visit.answer())
  );
  await using bus = busOn(lineTo(peer));
  const before = clock.monotonic();
  assert.deepEqual(value(await bus.read(1, "holding", 0, 1)), [1000]);
  assert.equal(clock.monotonic() - before, 300);
  const outcome = await bus.read(2, "holding", 0, 1);
  assert.ok(!outcome.ok && outcome.fault.kind === "exception" && outcome.fault.code === 6);
  assert.equal(bus.state(2).counters.requests, 6);
  assert.equal(bus.state(2).status, "online");
});

for (const code of [10, 11]) {
  Deno.test(`exception ${code} of a gateway means that the unit is offline, and is not repeated at once`, async () => {
    await using peer = tcpPeer((visit) => visit.send(visit.exception(code)));
    await using bus = busOn(lineTo(peer));
    assert.equal(faultOf(await bus.read(3, "holding", 0, 1)), "offline");
    assert.equal(faultOf(await bus.read(3, "holding", 0, 1)), "offline");
    assert.equal(peer.visits.length, 1);
    assert.equal(bus.state(3).status, "offline");
  });
}

for (const code of [10, 11]) {
  Deno.test(`exception ${code} of a gateway once, for a unit that answers else, is asked again for`, async () => {
    await using peer = tcpPeer((visit) => visit.send(visit.turn === 2 ? visit.exception(code) : visit.answer()));
    await using bus = busOn(lineTo(peer));
    for (let i = 0; i < 2; i++) assert.deepEqual(value(await bus.read(3, "holding", 0, 1)), [1000]);
    assert.equal(peer.visits.length, 3);
    assert.equal(bus.state(3).status, "online");
  });
}

Deno.test("a caller that gives up is answered at once, and the line goes on", async () => {
  await using peer = tcpPeer((visit) => visit.turn === 1 ? undefined : visit.send(visit.answer()));
  await using bus = stillBusOn(lineTo(peer), { timeoutMs: 400 });
  const given = new AbortController();
  const reading = bus.read(1, "holding", 0, 1, { signal: given.signal });
  await clock.advance(30);
  given.abort();
  assert.equal(faultOf(await reading), "aborted"); // no time passes
  value(await clock.until(bus.read(1, "holding", 0, 1)));
});

Deno.test("closing answers everybody who waits at once, and nothing works after it", async () => {
  await using peer = tcpPeer(() => {});
  const bus = stillBusOn(lineTo(peer), { timeoutMs: 60_000 });
  const waiting = [bus.read(1, "holding", 0, 1), bus.read(2, "holding", 0, 1), bus.write(1, 0, [1])];
  await clock.advance(0);
  assert.equal(peer.visits.length, 1);
  await bus[Symbol.asyncDispose]();
  for (const outcome of await Promise.all(waiting)) assert.equal(faultOf(outcome), "aborted");
  assert.equal(faultOf(await bus.read(1, "holding", 0, 1)), "aborted");
});

Deno.test("whatever a device sends, every request ends in time and the next good answer is right", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      async (noise) => {
        await using peer = tcpPeer((visit) => visit.turn === 1 ? visit.send(...noise) : visit.send(visit.answer()));
        await using bus = busOn(lineTo(peer), { timeoutMs: 20, minTimeoutMs: 20, retries: 0, backoff: { stepMs: 0 } });
        await bus.read(1, "holding", 0, 1);
        for (;;) {
          const outcome = await bus.read(1, "holding", 5, 2, { timeoutMs: 500 });
          if (outcome.ok) return assert.deepEqual(outcome.value, [1005, 1006]);
          assert.ok(outcome.fault.kind === "line" || outcome.fault.kind === "foreign");
          await clock.advance(50);
        }
      },
    ),
    { numRuns: 100 },
  );
});
