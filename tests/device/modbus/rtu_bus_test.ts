import assert from "node:assert/strict";
import { concat } from "../../../crypto/bytes.ts";
import { rtuOverTcpLine } from "../../../device/modbus/lines.ts";
import { encodeRequest } from "../../../device/modbus/pdu.ts";
import { encodeRtu } from "../../../device/modbus/rtu.ts";
import { busOn, clock, faultOf, type Peer, rtuPeer, value, valuesAt, type Visit } from "./peer.ts";

function lineTo(peer: Peer, options: Partial<Parameters<typeof rtuOverTcpLine>[0]> = {}) {
  return rtuOverTcpLine({ host: "127.0.0.1", port: peer.port, gapMs: 2, ...options }, clock);
}

/** The request as it was sent: what an echoing adapter gives back. */
function echo(visit: Visit): Uint8Array {
  return value(encodeRtu(visit.unit, value(encodeRequest(visit.request))));
}

function damaged(frame: Uint8Array): Uint8Array {
  const bad = frame.slice();
  bad[4] = (bad[4] ?? 0) ^ 0x10;
  return bad;
}

Deno.test("every function reads and writes through RTU", async () => {
  await using peer = rtuPeer((visit) => visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer));
  assert.deepEqual(value(await bus.read(17, "holding", 0, 10)), valuesAt(0, 10));
  assert.deepEqual(value(await bus.read(17, "input", 7, 1)), [1007]);
  assert.deepEqual(value(await bus.readBits(17, "coils", 0, 9)).length, 9);
  value(await bus.write(17, 8, [50]));
  value(await bus.write(17, 8, [50, 51]));
  value(await bus.writeBits(17, 8, [true]));
  value(await bus.writeBits(17, 8, [true, true]));
  const outcome = await bus.read(17, "holding", 0, 126);
  assert.equal(faultOf(outcome), "refused");
});

Deno.test("an answer is taken as soon as its last byte is in, also byte by byte", async () => {
  await using peer = rtuPeer(async (visit) => {
    for (const byte of visit.answer()) {
      await visit.send(Uint8Array.of(byte));
      await clock.sleep(3);
    }
  });
  await using bus = busOn(lineTo(peer), { timeoutMs: 5000, minTimeoutMs: 5000 });
  const before = clock.monotonic();
  assert.deepEqual(value(await bus.read(1, "holding", 0, 4)), valuesAt(0, 4));
  assert.equal(clock.monotonic() - before, 12 * 3, "13 bytes, 3 ms apart");
});

Deno.test("a late answer that comes while the line rests is thrown away, and the retry needs no probe", async () => {
  await using peer = rtuPeer(async (visit) => {
    if (visit.turn === 1) await clock.sleep(450); // timeout 300, listened to until 600
    await visit.send(visit.answer({ base: 1000 * visit.turn }));
  });
  await using bus = busOn(lineTo(peer), { timeoutMs: 300 });
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [2000, 2001]);
  assert.equal(peer.visits.length, 2);
  assert.equal(bus.counters().foreignFrames, 1);
});

Deno.test("an answer later than that is not taken for the retry's: a probe of another length finds it out", async () => {
  const probed = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  await using peer = rtuPeer(async (visit) => {
    if (visit.turn === 1) await probed.promise;
    if (visit.turn === 2) {
      probed.resolve();
      await late.promise;
    }
    await visit.send(visit.answer({ base: 1000 * visit.turn }));
    late.resolve();
  });
  await using bus = busOn(lineTo(peer), { timeoutMs: 250 });
  assert.deepEqual(value(await bus.read(1, "holding", 0, 4)), valuesAt(0, 4, 3000));
  const counts = peer.visits.map(({ request }) => "count" in request ? request.count : 0);
  assert.deepEqual(counts, [4, 2, 4]);
});

for (const late of [160, 240, 290, 310, 350, 420, 600, 900]) {
  Deno.test(`an answer ${late} ms late never appears in a later read, though newer ones overtake it`, async () => {
    let sentLate = 0;
    await using peer = rtuPeer(async (visit) => {
      const answer = visit.answer({ base: visit.turn });
      if (visit.turn === 2) await clock.sleep(late);
      if (visit.turn === 2) sentLate = peer.visits.length;
      await visit.send(answer);
    });
    await using bus = busOn(lineTo(peer), { backoff: { stepMs: 1 } });
    for (let behind = 0; behind < 20; behind += sentLate > 0 ? 1 : 0) {
      const seen = peer.visits.length;
      const outcome = await bus.read(1, "holding", 0, 4);
      if (outcome.ok) assert.ok((outcome.value[0] ?? 0) > seen, `value of request ${outcome.value[0]} after ${seen}`);
      else await clock.advance(1);
    }
  });
}

Deno.test("a late confirmation of one write is not taken for that of another", async () => {
  const late = Promise.withResolvers<void>();
  await using peer = rtuPeer(async (visit) => {
    if (visit.turn === 1) {
      await clock.sleep(380);
      await visit.send(visit.answer());
      return late.resolve();
    }
    if (visit.request.fc !== 3) return; // the unit loses the second write
    await late.promise;
    await visit.send(visit.answer());
  });
  await using bus = busOn(lineTo(peer), { retries: 0, backoff: { stepMs: 1 } });
  assert.equal(faultOf(await bus.write(1, 8, [1, 2])), "timeout");
  await clock.advance(5);
  assert.equal(faultOf(await bus.write(1, 8, [3, 4])), "timeout");
});

Deno.test("a damaged answer is asked for again, and twice damaged is a CRC fault that says what to check", async () => {
  await using peer = rtuPeer((visit) => visit.send(visit.turn === 1 ? damaged(visit.answer()) : visit.answer()));
  await using bus = busOn(lineTo(peer));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [1000, 1001]);
  assert.equal(bus.counters().crcErrors, 1);

  await using noisy = rtuPeer((visit) => visit.send(damaged(visit.answer())));
  await using second = busOn(lineTo(noisy), { timeoutMs: 2000 });
  const before = clock.monotonic();
  const outcome = await second.read(1, "holding", 0, 2);
  assert.ok(!outcome.ok && outcome.fault.kind === "crc" && outcome.fault.message.includes("termination"));
  assert.equal(clock.monotonic() - before, 6 * 50 + 5 * 2, "a damaged answer must not cost the whole timeout");
});

Deno.test("noise before an answer is passed over", async () => {
  await using peer = rtuPeer((visit) => visit.send(concat(Uint8Array.of(0, 0xff, 0x01, 0x03), visit.answer())));
  await using bus = busOn(lineTo(peer));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [1000, 1001]);
});

Deno.test("noise behind an answer does not reach the next", async () => {
  await using peer = rtuPeer((visit) => visit.send(concat(visit.answer(), Uint8Array.of(1, 3, 4, 0xff, 0xff))));
  await using bus = busOn(lineTo(peer));
  for (let i = 0; i < 3; i++) assert.deepEqual(value(await bus.read(1, "holding", i, 2)), [1000 + i, 1001 + i]);
});

Deno.test("an answer that nobody waits for is thrown away before the next request", async () => {
  await using peer = rtuPeer(async (visit) => {
    const answer = visit.answer({ base: visit.turn });
    await clock.sleep(15);
    await visit.send(answer);
    await clock.sleep(10);
    await visit.send(answer);
  });
  await using bus = busOn(lineTo(peer));
  for (let turn = 1; turn < 4; turn++) {
    assert.deepEqual(value(await bus.read(1, "holding", 0, 1)), [turn]);
    await clock.advance(30);
  }
});

Deno.test("an answer of another unit is no answer", async () => {
  await using peer = rtuPeer((visit) => visit.send(visit.answer({ unit: 2 })));
  await using bus = busOn(lineTo(peer), { retries: 0 });
  const outcome = await bus.read(1, "holding", 0, 2);
  assert.ok(!outcome.ok && outcome.fault.kind === "foreign" && outcome.fault.message.includes("unit 2"));
  assert.equal(bus.counters().foreignFrames, 1);
});

Deno.test("garbage and truncated answers are faults, and the next read is right", async () => {
  await using peer = rtuPeer((visit) => {
    if (visit.turn === 1) return visit.send(Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1));
    if (visit.turn === 2) return visit.send(visit.answer().subarray(0, 5));
    return visit.send(visit.answer());
  });
  await using bus = busOn(lineTo(peer), { retries: 0, backoff: { stepMs: 0 } });
  assert.equal(faultOf(await bus.read(1, "holding", 0, 4)), "crc");
  assert.equal(faultOf(await bus.read(1, "holding", 0, 4)), "crc");
  assert.deepEqual(value(await bus.read(1, "holding", 0, 4)), valuesAt(0, 4));
});

Deno.test("a line that echoes is noticed on the first read, and its echo is not taken for a write's confirmation", async () => {
  await using peer = rtuPeer(async (visit) => {
    await visit.send(echo(visit));
    if (visit.request.fc === 3) await visit.send(visit.answer());
  });
  await using bus = busOn(lineTo(peer), { retries: 0 });
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [1000, 1001]);
  assert.equal(faultOf(await bus.write(1, 8, [50])), "timeout");
});

Deno.test("with local_echo the echo is required and stripped, and a differing one is a collision", async () => {
  await using peer = rtuPeer(async (visit) => {
    await visit.send(visit.turn === 3 ? damaged(echo(visit)) : echo(visit));
    await clock.sleep(5);
    await visit.send(visit.answer());
  });
  await using bus = busOn(lineTo(peer, { localEcho: true }), { retries: 0 });
  value(await bus.write(1, 8, [50]));
  assert.deepEqual(value(await bus.read(1, "holding", 0, 2)), [1000, 1001]);
  const outcome = await bus.read(1, "holding", 0, 2);
  assert.ok(!outcome.ok && outcome.fault.kind === "foreign" && outcome.fault.message.includes("echo differs"));
});

Deno.test("a broadcast waits for no answer but leaves units time to act; it cannot be read", async () => {
  await using peer = rtuPeer((visit) => visit.unit === 0 ? undefined : visit.send(visit.answer()));
  await using bus = busOn(lineTo(peer, { turnaroundMs: 60 }));
  const before = clock.monotonic();
  value(await bus.write(0, 8, [50]));
  assert.equal(clock.monotonic() - before, 60);
  assert.equal(faultOf(await bus.read(0, "holding", 0, 1)), "refused");
  assert.deepEqual(value(await bus.read(1, "holding", 0, 1)), [1000]);
  assert.equal(bus.counters().timeouts, 0);
});

Deno.test("frames keep the configured silence between them", async () => {
  const seen: number[] = [];
  await using peer = rtuPeer((visit) => {
    seen.push(clock.monotonic());
    return visit.send(visit.answer());
  });
  await using bus = busOn(lineTo(peer, { gapMs: 20 }));
  for (let i = 0; i < 4; i++) value(await bus.read(1, "holding", 0, 1));
  for (const [i, at] of seen.entries()) if (i > 0) assert.equal(at - (seen[i - 1] ?? 0), 20);
});
