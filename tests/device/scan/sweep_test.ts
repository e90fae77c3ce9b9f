import assert from "node:assert/strict";
import type { ByteStream } from "../../../device/modbus/byte_stream.ts";
import { type Question, sweep } from "../../../device/scan/sweep.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeWire } from "../../fakes/wire.ts";

const TIMING = { charMs: 1, gapMs: 4, answerMs: 100 };

const questions = (...units: readonly number[]): readonly Question[] => units.map((unit) => ({ unit, address: 0 }));

/** Runs a sweep on a fake clock to its end. `ms`: how long it took. */
async function swept(stream: ByteStream, clock: FakeClock, asked: readonly Question[]) {
  const io = { clock, signal: new AbortController().signal };
  const began = clock.monotonic();
  let result: { readonly there: readonly number[]; readonly ms: number } | undefined;
  const sweeping = sweep(stream, asked, TIMING, io).then((units) => {
    result = { there: [...units].toSorted((a, b) => a - b), ms: clock.monotonic() - began };
  });
  while (result === undefined) await clock.advance(500);
  await sweeping;
  return result;
}

/** A wire on which what arrives goes through `mangle` first. */
function mangled(wire: FakeWire, mangle: (bytes: Uint8Array) => Uint8Array): ByteStream {
  return {
    write: (bytes) => wire.write(bytes),
    read: async (timeoutMs) => {
      const bytes = await wire.read(timeoutMs);
      return bytes && mangle(bytes);
    },
    discardInput: () => wire.discardInput(),
    close: () => wire.close(),
  };
}

function wireWith(clock: FakeClock, ...latencies: readonly (readonly [unit: number, ms: number])[]): FakeWire {
  const wire = new FakeWire(clock);
  for (const [unit, ms] of latencies) wire.latencyMs.set(unit, ms);
  return wire;
}

Deno.test("units that answer fast, just in time, and late are found, and nobody else", async () => {
  const clock = new FakeClock();
  const wire = wireWith(clock, [1, 5], [3, 90], [5, 150], [9, 190]);
  const { there } = await swept(wire, clock, questions(1, 2, 3, 4, 5, 6, 7, 8, 9));
  assert.deepEqual(there, [1, 3, 5, 9]);
});

Deno.test("silence costs one answer's time a question, and one more at the end", async () => {
  const clock = new FakeClock();
  const { there, ms } = await swept(new FakeWire(clock), clock, questions(1, 2, 3, 4));
  assert.deepEqual(there, []);
  assert.equal(ms, 4 * (100 + 8) + 100);
});

Deno.test("a unit that answered is not asked a second time", async () => {
  const clock = new FakeClock();
  const wire = wireWith(clock, [1, 5]);
  await swept(wire, clock, [...questions(1, 2), { unit: 1, address: 40_000 }, { unit: 2, address: 40_000 }]);
  assert.deepEqual(wire.asked.map(({ unit }) => unit), [1, 2, 2]);
});

Deno.test("a damaged answer is asked for again", async () => {
  const clock = new FakeClock();
  const wire = wireWith(clock, [2, 20]);
  let damaged = 0;
  const stream = mangled(wire, (bytes) => damaged++ === 0 ? bytes.subarray(2) : bytes);
  assert.deepEqual((await swept(stream, clock, questions(1, 2, 3))).there, [2]);
  assert.deepEqual(wire.asked.map(({ unit }) => unit), [1, 2, 1, 2, 3]);
});

Deno.test("a late answer that runs into the next one's costs neither of them", async () => {
  const clock = new FakeClock();
  const wire = wireWith(clock, [1, 120], [2, 12]);
  let collided = 0; // what begins at the same time is heard as neither
  const stream = mangled(wire, (bytes) => collided++ < 2 ? Uint8Array.of(0xff, bytes[3] ?? 0) : bytes);
  assert.deepEqual((await swept(stream, clock, questions(1, 2, 3))).there, [1, 2]);
});

Deno.test("an adapter that hears itself is no answer", async () => {
  const clock = new FakeClock();
  const wire = wireWith(clock, [2, 20]);
  const echoes: Uint8Array[] = [];
  const stream: ByteStream = {
    write: (bytes) => (echoes.push(bytes.slice()), wire.write(bytes)),
    read: (timeoutMs) => {
      const echo = echoes.shift();
      return echo ? Promise.resolve(echo) : wire.read(timeoutMs);
    },
    discardInput: () => wire.discardInput(),
    close: () => wire.close(),
  };
  assert.deepEqual((await swept(stream, clock, questions(1, 2, 3))).there, [2]);
  assert.deepEqual(wire.asked.map(({ unit }) => unit), [1, 2, 3]);
});

Deno.test("a line that never is quiet ends the sweep late, but ends it", async () => {
  const clock = new FakeClock();
  const noise: ByteStream = {
    write: () => Promise.resolve(),
    read: async () => {
      await clock.sleep(40);
      return Uint8Array.of(0xff);
    },
    discardInput: () => {},
    close: () => {},
  };
  const { there, ms } = await swept(noise, clock, questions(1, 2, 3));
  assert.deepEqual(there, []);
  assert.ok(ms < 10_000, `${ms}`);
});
