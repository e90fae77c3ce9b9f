import type { Logger } from "@logtape/logtape";
import { type BusConfig, InverterConfig } from "../../../device/config/bus_config.ts";
import { busOf } from "../../../device/equipment/bus.ts";
import { invertersOf } from "../../../device/equipment/inverters.ts";
import { pollOnce } from "../../../device/inverter/patient_poll.ts";
import type { Poll } from "../../../device/inverter/poll.ts";
import { knownDevices } from "../profile/known_devices.ts";
import { identifyAll } from "../../../device/scan/lines.ts";
import { presentUnits } from "../../../device/scan/present_units.ts";
import { FURTHER_TCP_UNITS, FURTHER_UNITS, USUAL_TCP_UNITS, USUAL_UNITS } from "../../../device/scan/usual_units.ts";
import type { Clock } from "../../../platform/clock.ts";
import { physicalColumns } from "../../../protocol/profile/physical.ts";
import { profileOf } from "../scan/report.ts";
import { ladder } from "../doctor/inverters.ts";

/** Milliseconds for each answer while units are looked for. */
const ANSWER_MS = 700;

/** What a trial stands on. */
interface TrialIo {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** How an answer did. `way`: what to do about a failure. */
export type Trial<T> =
  | { readonly ok: true; readonly value: T; readonly message: string }
  | { readonly ok: false; readonly value: T; readonly message: string; readonly way: string };

/**
 * Reads the inverters of a bus, as the node will. `guess`: the address said neither unit nor profile, so they are looked for
 * first. The bus comes back with what was found.
 */
export async function tryBus(bus: BusConfig, guess: boolean, io: TrialIo): Promise<Trial<BusConfig>> {
  const known = guess ? await guessed(bus, io) : bus;
  await using line = busOf(known, io);
  const words: string[] = [];
  for (const { config, inverter } of invertersOf(known, line, io)) {
    const poll = await pollOnce(inverter, io);
    if (poll.kind === "nothing") return { ok: false, value: known, message: poll.fault.message, way: ladder(known) };
    words.push(`${config.name} answers (${config.profile}${powerOf(poll)})`);
  }
  return { ok: true, value: known, message: words.join(", ") };
}

async function guessed(bus: BusConfig, io: TrialIo): Promise<BusConfig> {
  const [first] = bus.inverters;
  if (bus.http || !first) return bus;
  const answerMs = Math.min(ANSWER_MS, bus.timing.timeout);
  await using line = busOf({ ...bus, timing: { ...bus.timing, timeout: answerMs } }, io);
  for (const units of bus.tcp ? [USUAL_TCP_UNITS, FURTHER_TCP_UNITS] : [USUAL_UNITS, FURTHER_UNITS]) {
    const present = await presentUnits(line, units, { answerMs }, io.signal);
    for (const one of (await identifyAll(line, present.units, { ...io, devices: knownDevices })).found) {
      if (one.kind === "unknown") continue;
      return {
        ...bus,
        inverters: [InverterConfig.parse({ name: first.name, unit: one.unit, profile: profileOf(one) })],
      };
    }
  }
  return bus;
}

function powerOf(poll: Extract<Poll, { kind: "read" }>): string {
  const values = physicalColumns(poll.profile, poll.columns)(poll.values);
  const power = values[poll.columns.indexOf(poll.profile.power ?? "")];
  return power === undefined ? "" : `, ${Math.round(power)} W now`;
}
