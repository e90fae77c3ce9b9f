import assert from "node:assert/strict";
import { FakeClock } from "../../fakes/clock.ts";
import { faultOf, value } from "./peer.ts";
import { type Asked, rightAnswer, type VirtualDevice, virtualDevice, wordsAt } from "./virtual_device.ts";

const right = (asked: Asked) => asked.frame(rightAnswer(asked.request));

function damaged(frame: Uint8Array): Uint8Array {
  const other = frame.slice();
  other[4] = (other[4] ?? 0) ^ 0x10;
  return other;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Polls every second; how many were good, none of them wrong. */
async function polls(device: VirtualDevice, bus: ReturnType<VirtualDevice["bus"]>, count: number): Promise<number> {
  let good = 0;
  for (let poll = 0; poll < count; poll++) {
    const started = device.clock.monotonic();
    const outcome = await device.clock.until(bus.read(1, "holding", poll % 7, 4));
    if (outcome.ok) assert.deepEqual(outcome.value, wordsAt(poll % 7, 4));
    if (outcome.ok) good++;
    await device.clock.advance(Math.max(0, started + 1000 - device.clock.monotonic()));
  }
  return good;
}

for (const transport of ["tcp", "rtu over tcp"] as const) {
  Deno.test(`a connection over ${transport} that is one answer behind is opened anew after three misses`, async () => {
    const device = virtualDevice(new FakeClock(), (asked) => {
      if (asked.turn < 25) return asked.send(right(asked));
      const before = asked.memory.get("answer");
      asked.memory.set("answer", right(asked));
      if (before) asked.send(before);
    });
    await using bus = device.bus(transport);
    const good = await polls(device, bus, 240);
    assert.ok(good >= 200, `${good} of 240`);
    assert.ok(device.opened() >= 8, `${device.opened()} connections`);
    assert.deepEqual(bus.quirks(), []);
  });
}

for (const transport of ["serial", "rtu over tcp"] as const) {
  Deno.test(`on ${transport} with every second answer damaged nearly every poll comes, and the unit never rests`, async () => {
    const chance = randomNumbers(1);
    const device = virtualDevice(new FakeClock(), (asked) => {
      asked.send(chance() < 0.5 ? damaged(right(asked)) : right(asked));
    });
    await using bus = device.bus(transport);
    const good = await polls(device, bus, 200);
    assert.ok(good >= 190, `${good} of 200`);
    assert.equal(bus.state(1).status, "online");
  });

  Deno.test(`on ${transport} a unit whose answers were damaged for a while is asked with every poll`, async () => {
    const device = virtualDevice(new FakeClock(), (asked) => {
      const bad = device.clock.monotonic() % 10_000 > 5000;
      asked.send(bad ? damaged(right(asked)) : right(asked));
    });
    await using bus = device.bus(transport);
    const good = await polls(device, bus, 200);
    assert.ok(good >= 95, `${good} of 200`);
  });
}

Deno.test("where others wait for the line, a unit with damaged answers takes its share at most", async () => {
  const device = virtualDevice(
    new FakeClock(),
    (asked) => asked.send(asked.unit === 2 ? damaged(right(asked)) : right(asked)),
  );
  await using bus = device.bus("serial");
  const { clock } = device;
  for (let poll = 0; poll < 300; poll++) {
    value(await clock.until(bus.read(1, "holding", 0, 10)));
    assert.equal((await clock.until(bus.read(2, "holding", 0, 10))).ok, false);
    await clock.advance(1000);
  }
  const share = bus.state(2).counters.busyMs / clock.monotonic();
  assert.ok(share <= 0.05, `${share}`);
  assert.ok(bus.state(2).counters.requests >= 200, `${bus.state(2).counters.requests} requests`);
  assert.equal(bus.state(2).status, "unknown");
});

for (const transport of ["tcp", "serial", "rtu over tcp"] as const) {
  for (const ms of [1300, 2100, 3000]) {
    Deno.test(`on ${transport} a device that takes ${ms} ms, one request after the other, is waited for`, async () => {
      let freeAt = 0;
      const device = virtualDevice(new FakeClock(), (asked) => {
        freeAt = Math.max(freeAt, device.clock.monotonic()) + ms;
        asked.send(right(asked), freeAt - device.clock.monotonic());
      });
      await using bus = device.bus(transport, { timeoutMs: 1000, maxTimeoutMs: 5000 });
      const { clock } = device;
      let good = 0;
      for (let poll = 0; poll < 20; poll++) {
        const outcome = await clock.until(bus.read(1, "holding", poll, 4));
        if (outcome.ok) assert.deepEqual(outcome.value, wordsAt(poll, 4));
        if (outcome.ok) good++;
        await clock.advance(5000);
      }
      assert.ok(good >= 17, `${good} of 20`);
      const { lateMs = 0 } = bus.state(1);
      assert.ok(lateMs >= ms, `${lateMs}`);
    });
  }
}

Deno.test("a time-out that learned does not exceed its bound, and the message says what to set", async () => {
  const device = virtualDevice(new FakeClock(), (asked) => asked.send(right(asked), 4000));
  await using bus = device.bus("tcp", { timeoutMs: 1000, maxTimeoutMs: 2000 });
  const { clock } = device;
  await clock.until(bus.read(1, "holding", 0, 4));
  await clock.advance(10_000);
  const before = clock.monotonic();
  const outcome = await clock.until(bus.read(1, "holding", 0, 4));
  assert.ok(!outcome.ok && outcome.fault.message.includes("set timing.timeout above that"), JSON.stringify(outcome));
  assert.ok(clock.monotonic() - before <= 4 * 2000);
});

Deno.test("a device that is quick again is soon waited for as before", async () => {
  let ms = 1300;
  const device = virtualDevice(new FakeClock(), (asked) => asked.send(right(asked), ms));
  await using bus = device.bus("tcp", { timeoutMs: 1000, minTimeoutMs: 300, maxTimeoutMs: 5000 });
  assert.ok(await polls(device, bus, 10) >= 8);
  ms = 20;
  assert.equal(await polls(device, bus, 40), 40);
  ms = 1_000_000;
  const before = device.clock.monotonic();
  assert.equal(faultOf(await device.clock.until(bus.read(1, "holding", 0, 4))), "timeout");
  assert.ok(device.clock.monotonic() - before <= 1300);
});

Deno.test("a request that insists goes out to a unit that rests, and one whose silence says nothing makes none rest", async () => {
  const device = virtualDevice(new FakeClock(), () => {});
  await using bus = device.bus("tcp", { retries: 1 });
  const { clock } = device;
  for (let i = 0; i < 5; i++) {
    assert.equal(faultOf(await clock.until(bus.read(1, "holding", 0, 1, { mayBeSilent: true }))), "timeout");
  }
  assert.equal(bus.state(1).status, "unknown");
  assert.equal(faultOf(await clock.until(bus.read(1, "holding", 0, 1))), "timeout");
  assert.equal(bus.state(1).status, "offline");
  const asked = device.asked.length;
  assert.equal(faultOf(await clock.until(bus.read(1, "holding", 0, 1))), "offline");
  assert.equal(device.asked.length, asked);
  assert.equal(faultOf(await clock.until(bus.read(1, "holding", 0, 1, { insist: true }))), "timeout");
  assert.equal(device.asked.length, asked + 2);
});

Deno.test("what a gateway says of a write is told apart from a unit that was not asked", async () => {
  const device = virtualDevice(
    new FakeClock(),
    (asked) => asked.send(asked.frame({ fc: "exception", function: asked.request.fc, code: 11 })),
  );
  await using bus = device.bus("tcp");
  const first = await device.clock.until(bus.write(1, 8, [50]));
  assert.ok(!first.ok && first.fault.kind === "offline" && first.fault.code === 11);
  const second = await device.clock.until(bus.write(1, 8, [50]));
  assert.ok(!second.ok && second.fault.kind === "offline" && second.fault.code === undefined);
});
