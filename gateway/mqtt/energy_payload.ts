import type { InverterEnergy } from "../energy/energy_reader.ts";
import type { Message } from "./message.ts";
import { inverterEnergyTopic } from "./topics.ts";

/**
 * The retained message on `ecowatt/<device>/<inverter>/energy`: `{time, day, source, lifetime_kwh, today_kwh,
 * today_not_counted_kwh}`, `null` until the total is plausible. The total never falls.
 */
export function energyMessage(device: string, day: string, energy: InverterEnergy): Message {
  const { inverter, source, lifetimeWh, todayWh, todayNotCountedWh, at } = energy;
  const payload = {
    time: new Date(at).toISOString(),
    day,
    source,
    lifetime_kwh: kiloWattHours(lifetimeWh),
    today_kwh: kiloWattHours(todayWh),
    today_not_counted_kwh: kiloWattHours(todayNotCountedWh),
  };
  return { topic: inverterEnergyTopic(device, inverter), payload: JSON.stringify(payload), retain: true };
}

/** In steps of 1 Wh, rounded down: a rounded value must not be ahead of one that follows. */
function kiloWattHours(wh: number | undefined): number | null {
  return wh === undefined ? null : Math.floor(wh) / 1000;
}
