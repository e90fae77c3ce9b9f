import assert from "node:assert/strict";
import type { z } from "zod";
import { createInverter, type Inverter, type InverterOptions } from "../../../device/inverter/inverter.ts";
import type { Poll } from "../../../device/inverter/poll.ts";
import type { Bus } from "../../../device/modbus/bus.ts";
import { createBus } from "../../../device/modbus/line_bus.ts";
import type { Line } from "../../../device/modbus/line.ts";
import { rtuLine, tcpLine } from "../../../device/modbus/lines.ts";
import { LineSettings } from "../../../device/serial/settings.ts";
import type { SimulatorOptions } from "../../../device/simulator/options.ts";
import type { Simulator } from "../../../device/simulator/simulator.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { physicalColumns } from "../../../protocol/profile/physical.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { SerialWire } from "../../fakes/serial_wire.ts";
import "../../fakes/sockets.ts";
import { start } from "../simulator/running.ts";
import { getLogger } from "@logtape/logtape";

interface Rig extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly simulator: Simulator;
  readonly bus: Bus;
  readonly inverter: Inverter;
  /** Polls until it is done, in the time of the clock. */
  readonly poll: () => Promise<Poll>;
}

/** So that a late answer is too late, and a dead unit is asked again soon. */
const impatient = { timeoutMs: 80, minTimeoutMs: 80, backoff: { stepMs: 5, maxMs: 20 } };

/** A simulator, the bus to it, and its inverter. */
async function rig(
  simulated: Partial<z.input<typeof SimulatorOptions>>,
  options: Partial<InverterOptions> = {},
): Promise<Rig> {
  await using starting = new AsyncDisposableStack();
  const clock = new FakeClock();
  const wire = new SerialWire(clock);
  const simulator = starting.use(await start(simulated, clock, { openLine: wire.plug }));
  const line = lineTo(simulator, wire, clock);
  const bus = starting.use(createBus(line, impatient, { clock, log: getLogger(["test"]) }));
  const sunspec = simulated.profile === "sunspec";
  const inverter = createInverter(
    { unit: sunspec ? 1 : 17, profile: sunspec ? "sunspec" : ecowatt, registers: [], ...options },
    { bus, clock },
  );
  const all = starting.move();
  const poll = () => clock.until(inverter.poll());
  return { clock, simulator, bus, inverter, poll, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function lineTo({ addresses: { tcp } }: Simulator, wire: SerialWire, clock: FakeClock): Line {
  if (tcp) return tcpLine(tcp, clock);
  return rtuLine("wire", wire.open, { baud: LineSettings.parse({}).baud }, clock);
}

/** Time stands almost still, so that what is read can be compared with what is true. */
const still = { speed: 0.001 };

function read(poll: Poll): Poll & { kind: "read" } {
  assert.ok(poll.kind === "read", poll.kind === "nothing" ? poll.fault.message : "");
  return poll;
}

/** Physical values by column. */
function shown(poll: Poll): Record<string, number | undefined> {
  const { profile, columns, values } = read(poll);
  const physical = physicalColumns(profile, columns)(values);
  return Object.fromEntries(columns.map((column, i) => [column, physical[i]]));
}

function near(found: number | undefined, expected: number, tolerance: number): void {
  assert.ok(found !== undefined && Math.abs(found - expected) <= tolerance, `${found} is not near ${expected}`);
}

for (const way of [{ port: 0 }, { serial: "wire" }]) {
  Deno.test(`over ${Object.keys(way)} the ten registers say what the simulated inverter measures`, async () => {
    await using parts = await rig({ ...still, ...way, plant: { phases: 1 } });
    const { clock, simulator, inverter, bus, poll } = parts;
    const found = shown(await poll());
    const truth = simulator.values();
    near(found["Vac1"], truth.phaseVolts[0] ?? NaN, 0.05);
    near(found["Fac1"], truth.hertz, 0.005);
    near(found["Vpv2"], truth.dc[1].volts, 0.05);
    near(found["Temp"], truth.cabinetCelsius, 0.05);
    near(found["Pac"], truth.acWatts, 0.5);
    assert.equal(found["Pow"], 100);
    assert.equal(bus.counters().requests, 1);
    assert.ok((await clock.until(inverter.writeRegisters(8, [40]))).ok);
    assert.equal(shown(await poll())["Pow"], 40);
  });
}

Deno.test("every SunSpec map of the simulator is discovered and read in its own way", async () => {
  for (const base of [40_000, 0, 50_000] as const) {
    for (const end of ["marker", "bare", "zero", "none"] as const) {
      const float = base === 0;
      const identityLength = end === "zero" ? 65 : 66;
      const sunspec = { base, end, float, identityLength } as const;
      await using parts = await rig({ ...still, port: 0, profile: "sunspec", sunspec });
      const { simulator, inverter, poll } = parts;
      const found = shown(await poll());
      const truth = simulator.values();
      const model = float ? 113 : 103;
      const header = base + 4 + identityLength;
      assert.match(
        inverter.profile()?.id ?? "",
        new RegExp(`^sunspec:1@${base + 2}/${identityLength},${model}@${header}/`),
      );
      near(found[`${model}.W`], truth.acWatts, 1);
      near(found[`${model}.Hz`], truth.hertz, 0.01);
      near(found[`${model}.WH`], truth.wattHours, 1);
      near(found["160.2.DCV"], truth.dc[1].volts, 0.1);
    }
  }
});

Deno.test("a scale factor that is not implemented drops its points and no others", async () => {
  const sunspec = { unusableFactors: ["103.W_SF"] };
  await using parts = await rig({ ...still, port: 0, profile: "sunspec", sunspec });
  const found = shown(await parts.poll());
  assert.deepEqual([found["103.W"], found["103.W_SF"]], [undefined, undefined]);
  near(found["103.Hz"], parts.simulator.values().hertz, 0.01);
});

Deno.test("a register the inverter does not have is split off, and the poll goes on without it", async () => {
  const beyond = { ...ecowatt.registers[9], name: "Next", synonyms: [], address: 10 };
  const [first] = ecowatt.registers;
  assert.ok(first);
  const profile = { ...ecowatt, id: "eleven", registers: [...ecowatt.registers, { ...first, ...beyond }] };
  const names = [...ecowatt.defaultRegisters, "Next"];
  await using parts = await rig({ ...still, port: 0 }, { profile, registers: names });
  const { inverter, bus, poll } = parts;
  const before = read(await poll());
  assert.equal(before.values.filter((value) => value !== undefined).length, 10);
  assert.deepEqual(inverter.quarantined(), [{ register: "Next", code: 2 }]);
  const requests = bus.counters().requests;
  assert.deepEqual(read(await poll()).values, before.values);
  assert.equal(bus.counters().requests, requests + 1);
});

Deno.test("on a bad line no value is believed that the inverter did not have", async () => {
  await using parts = await rig({ ...still, serial: "wire", profile: "sunspec" });
  const { clock, simulator, poll } = parts;
  const truth = shown(await poll());
  for (const fault of [{ kind: "crc" }, { kind: "garbage", bytes: 20 }, { kind: "wrong_tid" }] as const) {
    simulator.inject(fault, { probability: 0.1 });
  }
  simulator.inject({ kind: "late", delayMs: 100 }, { probability: 0.1 });
  simulator.inject({ kind: "exception", code: 2 }, { probability: 0.1 });
  let reads = 0;
  for (let polls = 0; polls < 50; polls++) {
    const polled = await poll();
    if (polled.kind === "nothing") {
      // A unit that rests is asked again when its time has come.
      if ("retryAt" in polled.fault) await clock.advance(polled.fault.retryAt - clock.now());
      continue;
    }
    reads++;
    for (const [column, value] of Object.entries(shown(polled))) {
      assert.ok([truth[column], undefined].includes(value), column);
    }
  }
  assert.ok(reads > 25, `${reads} of 50 polls read anything`);
});

for (const way of [{ port: 0 }, { serial: "wire" }]) {
  Deno.test(`over ${Object.keys(way)} a simulated register that never answers costs only itself`, async () => {
    const faults = [{ fault: { kind: "timeout" as const }, register: 7 }];
    await using parts = await rig({ ...still, ...way, plant: { phases: 1 }, faults });
    const { clock, inverter, poll } = parts;
    let polls = 0;
    for (; inverter.quarantined().length === 0; polls++) {
      await poll();
      await clock.advance(10); // the unit rests after a silence
    }
    assert.ok(polls <= 10, `${polls} polls until it was found`);
    const polled = read(await poll());
    const { columns, values } = polled;
    assert.deepEqual(
      columns.filter((_, i) => values[i] === undefined),
      inverter.quarantined().map(({ register }) => register),
    );
    for (let poll = 0; poll < 20; poll++) {
      assert.equal(read(await parts.poll()).fault, undefined, "it is asked again and again");
    }
  });
}
