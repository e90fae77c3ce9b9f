import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { z } from "zod";
import { createInverter } from "../../../device/inverter/inverter.ts";
import type { Bus } from "../../../device/modbus/bus.ts";
import { zeroCounters } from "../../../device/modbus/counters.ts";
import { busFault } from "../../../device/modbus/fault.ts";
import { httpLine } from "../../../device/modbus/http_line.ts";
import { createBus } from "../../../device/modbus/line_bus.ts";
import { tcpLine } from "../../../device/modbus/lines.ts";
import { ecowattUnit } from "../../../device/simulator/ecowatt_unit.ts";
import { createInverter as simulateInverter } from "../../../device/simulator/inverter.ts";
import { SunSpecOptions } from "../../../device/simulator/options.ts";
import { DAY_MS } from "../../../device/simulator/sky.ts";
import { sunspecUnit } from "../../../device/simulator/sunspec_unit.ts";
import type { SimulatedUnit } from "../../../device/simulator/unit.ts";
import { systemClock } from "../../../platform/clock.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { physicalColumns } from "../../../protocol/profile/physical.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { start } from "./running.ts";

const io = { clock: systemClock, log: getLogger(["test"]) };

const quirks: readonly z.input<typeof SunSpecOptions>[] = [
  {},
  { identityLength: 65 },
  { end: "bare" },
  { end: "zero" },
  { end: "none" },
  { base: 0 },
  { base: 50_000, float: true },
];
for (const sunspec of quirks) {
  Deno.test(`the node finds a SunSpec inverter with ${JSON.stringify(sunspec)} and reads its true power`, async () => {
    await using simulator = await start({ port: 0, profile: "sunspec", speed: 0.001, sunspec });
    const host = { host: "127.0.0.1", port: simulator.addresses.tcp?.port ?? 0 };
    await using bus = createBus(tcpLine(host, io.clock), {}, io);
    const inverter = createInverter({ unit: 1, profile: "sunspec", registers: [] }, { bus, clock: io.clock });
    const poll = await inverter.poll();
    assert.ok(poll.kind === "read", JSON.stringify(poll));
    assert.equal(inverter.identity()?.serialNumber, "SIM-1");
    const power = poll.columns.indexOf(poll.profile.power ?? "");
    const watts = physicalColumns(poll.profile, poll.columns)(poll.values)[power];
    assert.ok(watts !== undefined && Math.abs(watts - simulator.values().acWatts) <= 0.5);
  });
}

Deno.test("the node reads the ten registers over the HTTP API and sets the limit", async () => {
  await using simulator = await start({ httpPort: 0, apiKey: "test key", speed: 0.001 });
  const line = httpLine({ baseUrl: simulator.addresses.http ?? "", apiKey: "test key" }, io.clock);
  await using bus = createBus(line, {}, io);
  const inverter = createInverter({ unit: 17, profile: ecowatt, registers: ["Pac"] }, { bus, clock: io.clock });
  const poll = await inverter.poll();
  assert.ok(poll.kind === "read");
  assert.deepEqual(poll.values, [Math.round(simulator.values().acWatts)]);
  assert.ok((await inverter.writeRegisters(8, [20])).ok);
  assert.equal(simulator.values().limitPercent, 20);
});

/** A bus that is only a unit: no wire, no waiting. */
function busOf(unit: SimulatedUnit): Pick<Bus, "name" | "read" | "readBits" | "write" | "state" | "timing" | "quirks"> {
  return {
    name: "test",
    quirks: () => [],
    timing: { charMs: 0, gapMs: 0 },
    read: (id, _table, address, count) => {
      const words = unit.read(address, count, "holding");
      return Promise.resolve(
        typeof words === "number"
          ? { ok: false, fault: busFault.exception("test", id, words) }
          : { ok: true, value: words },
      );
    },
    readBits: (id) => Promise.resolve({ ok: false, fault: busFault.exception("test", id, 1) }),
    write: () => Promise.resolve({ ok: true, value: undefined }),
    state: () => ({ status: "online", session: 1, counters: zeroCounters() }),
  };
}

for (const kind of ["ecowatt", "sunspec"] as const) {
  Deno.test(`over two simulated days no value of the ${kind} map is withheld as implausible`, async () => {
    const clock = new FakeClock(Date.UTC(2026, 2, 10));
    const plant = { latitude: 6.9, longitude: 79.9, ratedWatts: 5000, phases: 3, tripsPerDay: 20, seed: 5 } as const;
    const simulated = simulateInverter(plant, clock.now);
    const unit = kind === "ecowatt" ? ecowattUnit(simulated) : sunspecUnit(simulated, SunSpecOptions.parse({}), 1);
    const profile = kind === "ecowatt" ? ecowatt : "sunspec";
    const inverter = createInverter({ unit: 1, profile, registers: [] }, { bus: busOf(unit), clock });
    for (let elapsed = 0; elapsed < 2 * DAY_MS; elapsed += 60_000) {
      clock.jump(Date.UTC(2026, 2, 10) + elapsed);
      const poll = await inverter.poll();
      assert.equal(poll.kind, "read");
    }
    const { range, step, missing } = inverter.withheld();
    assert.deepEqual({ range, step, missing }, { range: 0, step: 0, missing: 0 });
  });
}
