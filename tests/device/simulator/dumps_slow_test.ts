import assert from "node:assert/strict";
import { busOf } from "../../../device/equipment/bus.ts";
import { invertersOf } from "../../../device/equipment/inverters.ts";
import { BusConfig } from "../../../device/config/bus_config.ts";
import { dumpUnits } from "../../../device/simulator/dump_unit.ts";
import { SimulatorOptions } from "../../../device/simulator/options.ts";
import { startSimulator } from "../../../device/simulator/simulator.ts";
import { systemClock } from "../../../platform/clock.ts";
import { dumpsBeside, programLibrary } from "../../../profiles/library.ts";
import { lookup } from "../../../protocol/profile/lookup.ts";
import { physicalColumns } from "../../../protocol/profile/physical.ts";
import { fakeLog } from "../../fakes/log.ts";

const { log } = fakeLog();

Deno.test("every device of the program is read over TCP from its dump, as its dump expects", async (t) => {
  for (const name of programLibrary.names()) {
    const file = programLibrary.fileOf(name);
    const dumps = file && dumpsBeside(file);
    assert.ok(dumps?.ok && dumps.value.length > 0, `${name} has a dump`);
    const [[, dump] = []] = dumps.value;
    assert.ok(dump);
    await t.step(name, async () => {
      const options = SimulatorOptions.parse({ port: 0, httpPort: null });
      await using simulator = await startSimulator(options, { clock: systemClock, log, units: dumpUnits(dump) });
      const { host = "", port = 0 } = simulator.addresses.tcp ?? {};
      const config = BusConfig.parse({ tcp: { host, port }, inverters: [{ profile: name, unit: dump.unit }] });
      await using bus = busOf(config, { clock: systemClock, log });
      const [device] = invertersOf(config, bus, { clock: systemClock });
      const poll = await device?.inverter.poll();
      assert.ok(poll?.kind === "read", poll?.fault?.message);
      const values = physicalColumns(poll.profile, poll.columns)(poll.values);
      for (const [column, register] of poll.columns.entries()) {
        const expected = dump.expect[register];
        if (expected === undefined || expected === null) continue;
        const sign = lookup(poll.profile, register)?.reversed ? -1 : 1;
        const value = sign * (values[column] ?? NaN);
        assert.ok(
          Math.abs(value - expected) <= Math.max(1e-9, Math.abs(expected) / 200),
          `${register}: ${value}, ${expected}`,
        );
      }
    });
  }
});
