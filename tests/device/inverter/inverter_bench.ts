import assert from "node:assert/strict";
import { createInverter, type InverterOptions } from "../../../device/inverter/inverter.ts";
import type { MapMemory } from "../../../device/inverter/map_memory.ts";
import type { Poll } from "../../../device/inverter/poll.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { physicalColumns } from "../../../protocol/profile/physical.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { busWith, type Unit } from "./fake_unit.ts";

/** An inverter of ten registers unless told otherwise, on a bus with one unit. */
export function setUp(unit: Unit, options: Partial<InverterOptions> = {}, memory?: MapMemory) {
  const clock = new FakeClock();
  const { bus, requests, asked } = busWith(unit);
  const ports = { bus, clock, ...(memory ? { memory } : {}) };
  const inverter = createInverter({ unit: 17, profile: ecowatt, registers: [], ...options }, ports);
  return { clock, requests, asked, inverter };
}

export function read(poll: Poll): Poll & { kind: "read" } {
  assert.ok(poll.kind === "read", poll.kind === "nothing" ? poll.fault.message : "");
  return poll;
}

/** Physical values by column. */
export function shown(poll: Poll): Record<string, number | undefined> {
  const { profile, columns, values } = read(poll);
  const physical = physicalColumns(profile, columns)(values);
  return Object.fromEntries(columns.map((column, i) => [column, physical[i]]));
}
