import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { Bus } from "../../../device/modbus/bus.ts";
import type { BusOptions } from "../../../device/modbus/dispatcher.ts";
import type { BusOutcome } from "../../../device/modbus/fault.ts";
import { createBus } from "../../../device/modbus/line_bus.ts";
import { rtuLine } from "../../../device/modbus/lines.ts";
import { DEFAULT_BACKOFF, pauseAfter } from "../../../device/modbus/unit.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeWire } from "../../fakes/wire.ts";
import { faultOf, value } from "./peer.ts";

interface Bench {
  readonly clock: FakeClock;
  readonly wire: FakeWire;
  readonly bus: Bus;
  /** Lets time pass until the outcome is there. */
  settle<T>(outcome: Promise<BusOutcome<T>>): Promise<BusOutcome<T>>;
}

function bench(options: BusOptions = {}): Bench {
  const clock = new FakeClock();
  const wire = new FakeWire(clock);
  const line = rtuLine("test line", () => wire, { baud: 9600, bitsPerChar: 10 }, clock);
  const bus = createBus(line, options, { clock, log: getLogger(["test"]) });
  async function settle<T>(outcome: Promise<BusOutcome<T>>): Promise<BusOutcome<T>> {
    let done = false;
    outcome.then(() => done = true);
    for (let i = 0; !done && i < 200; i++) await clock.advance(100);
    assert.ok(done);
    return await outcome;
  }
  return { clock, wire, bus, settle };
}

Deno.test("the pause of a dead unit grows by 2 s a failure up to 300 s, and costs a shared line at most 5 %", () => {
  const pauses = [1, 2, 3, 150, 151, 100_000].map((failures) => pauseAfter(failures, 500, false, DEFAULT_BACKOFF));
  assert.deepEqual(pauses, [2000, 4000, 6000, 300_000, 300_000, 300_000]);
  for (const cost of [1, 500, 2000, 40_000]) {
    const pause = pauseAfter(1, cost, true, DEFAULT_BACKOFF);
    assert.ok(cost / (cost + pause) <= 0.05 + 1e-9);
  }
});

Deno.test("requests to one line go out one at a time, silence between them, writes before waiting polls", async () => {
  const { wire, bus, clock, settle } = bench();
  wire.latencyMs.set(1, 20);
  const order: string[] = [];
  const note = (name: string) => () => void order.push(name);
  const all = [
    bus.read(1, "holding", 0, 1).then(note("poll 1")),
    bus.read(1, "holding", 1, 1).then(note("poll 2")),
    bus.read(1, "holding", 2, 1).then(note("poll 3")),
    bus.write(1, 8, [50]).then(note("write")),
    bus.read(1, "input", 3, 1, { priority: "write" }).then(note("urgent")),
  ];
  await settle(Promise.all(all).then(() => ({ ok: true, value: undefined }) as const));
  assert.deepEqual(order, ["poll 1", "write", "urgent", "poll 2", "poll 3"]);
  for (const [i, { at }] of wire.asked.entries()) {
    if (i > 0) assert.ok(at - (wire.asked[i - 1]?.at ?? 0) >= 20 + bus.timing.gapMs);
  }
  assert.equal(bus.timing.charMs, 1000 * 10 / 9600);
  assert.ok(Math.abs(bus.timing.gapMs - 3.646) < 0.001);
  await bus[Symbol.asyncDispose]();
  assert.ok(clock.sleeping <= 1);
});

for (const retries of [0, 1, 3]) {
  Deno.test(`with ${retries} retries a dead unit takes at most 5 % of a line that others use, and they lose nothing`, async () => {
    const { wire, bus, clock, settle } = bench({ timeoutMs: 500, minTimeoutMs: 500, retries });
    wire.latencyMs.set(1, 30);
    const started = clock.monotonic();
    let polls = 0;
    while (clock.monotonic() - started < 300_000) {
      const dead = bus.read(2, "holding", 0, 10);
      value(await settle(bus.read(1, "holding", 0, 10)));
      polls++;
      assert.equal((await settle(dead)).ok, false);
      await clock.advance(5000 - ((clock.monotonic() - started) % 5000));
    }
    const share = bus.state(2).counters.busyMs / (clock.monotonic() - started);
    assert.ok(share <= 0.05, `the dead unit took ${share}`);
    assert.ok(polls >= 50);
    assert.equal(bus.state(1).counters.answers, polls);
    await bus[Symbol.asyncDispose]();
  });
}

Deno.test("a unit that is back is online after one probe", async () => {
  const { wire, bus, clock, settle } = bench({ timeoutMs: 200, minTimeoutMs: 200 });
  const first = await settle(bus.read(1, "holding", 0, 4));
  assert.ok(!first.ok && first.fault.kind === "timeout" && first.fault.attempts === 2);
  assert.equal(bus.state(1).status, "offline");
  const asked = wire.asked.length;
  const resting = await bus.read(1, "holding", 0, 4);
  assert.ok(!resting.ok && resting.fault.kind === "offline" && resting.fault.message.includes("no answer"));
  assert.equal(resting.fault.retryAt, bus.state(1).retryAt);
  assert.equal(wire.asked.length, asked, "a resting unit must not be asked");

  await clock.advance(2000);
  assert.equal(faultOf(await settle(bus.read(1, "holding", 0, 4))), "timeout");
  assert.equal(wire.asked.length, asked + 1, "a dead unit is probed once, without retries");

  await clock.advance(4000);
  const { session } = bus.state(1);
  wire.latencyMs.set(1, 20);
  value(await settle(bus.read(1, "holding", 0, 4)));
  value(await settle(bus.read(1, "holding", 0, 4)));
  assert.equal(bus.state(1).status, "online");
  assert.equal(bus.state(1).session, session + 1);
  await bus[Symbol.asyncDispose]();
});

Deno.test("several requests that wait for a dying unit do not each try it to the end", async () => {
  const { wire, bus, settle } = bench({ timeoutMs: 200, minTimeoutMs: 200, retries: 2 });
  const reads = Array.from({ length: 6 }, (_, i) => bus.read(1, "holding", i, 4));
  for (const read of reads) assert.equal((await settle(read)).ok, false);
  assert.equal(wire.asked.length, 3);
  await bus[Symbol.asyncDispose]();
});

Deno.test("a known unit's first attempt waits four times its usual answer, the retry the whole timeout", async () => {
  const { wire, bus, clock, settle } = bench({ timeoutMs: 1000, minTimeoutMs: 100 });
  wire.latencyMs.set(1, 80);
  for (let i = 0; i < 5; i++) value(await settle(bus.read(1, "holding", 0, 1)));
  const { latencyMs = 0 } = bus.state(1);
  assert.ok(latencyMs > 40 && latencyMs <= 80);
  wire.latencyMs.set(1, 900);
  const before = clock.monotonic();
  value(await settle(bus.read(1, "holding", 0, 1)));
  assert.ok(clock.monotonic() - before < 3300);
  assert.equal(bus.state(1).counters.timeouts, 1);
  await bus[Symbol.asyncDispose]();
});

Deno.test("a serial port that is unplugged is opened again with growing pauses, and units start anew", async () => {
  const clock = new FakeClock();
  const opened: number[] = [];
  let wire = new FakeWire(clock);
  let plugged = true;
  const line = rtuLine(
    "/dev/test",
    () => {
      opened.push(clock.monotonic());
      if (!plugged) throw new Error("no such device");
      wire = new FakeWire(clock);
      wire.latencyMs.set(1, 10);
      return wire;
    },
    { baud: 115200 },
    clock,
  );
  const bus = createBus(line, {}, { clock, log: getLogger(["test"]) });
  async function read(): Promise<string> {
    const outcome = bus.read(1, "holding", 0, 1);
    await clock.advance(100);
    const settled = await outcome;
    return settled.ok ? "ok" : settled.fault.kind;
  }
  assert.equal(await read(), "ok");
  plugged = false;
  wire.close();
  for (let i = 0; i < 200; i++) assert.equal(await read(), "line");
  const pauses = opened.slice(2).map((at, i) => at - (opened[i + 1] ?? 0));
  for (const [i, pause] of pauses.entries()) assert.ok(pause >= Math.min(500 * 2 ** i, 30_000) && pause <= 30_000);
  plugged = true;
  const { session } = bus.state(1);
  const since = clock.monotonic();
  while (await read() !== "ok") assert.ok(clock.monotonic() - since <= 30_100);
  assert.equal(bus.state(1).session, session + 1);
  assert.equal(bus.counters().reconnects, 1);
  assert.equal(bus.state(1).status, "online");
  await bus[Symbol.asyncDispose]();
});
