import { smooth, uniform } from "./noise.ts";
import { airTemperature, clearSky, type Place, sunHeight, transparency } from "./sky.ts";

/** A solar inverter and its panels. */
export interface Plant extends Place {
  /** Seed of clouds and noise: the same seed and time give the same values. */
  readonly seed: number;
  /** AC rating, W. */
  readonly ratedWatts: number;
  readonly phases: 1 | 3;
  /** Grid faults that trip the inverter for two minutes, on average a day. */
  readonly tripsPerDay: number;
}

/** What an operator has set. */
export interface Controls {
  /** Share of the rating the inverter may deliver, 0 to 100. */
  readonly limitPercent: number;
  readonly connected: boolean;
}

/** SunSpec's states of an inverter (models 101 to 113, point St). */
export type State = "off" | "sleeping" | "starting" | "mppt" | "throttled" | "fault";

export interface DcInput {
  readonly volts: number;
  readonly amps: number;
  readonly watts: number;
}

/** All that can be measured at one moment, in SI units and °C. */
export interface PlantValues {
  /** Unix milliseconds, simulated. */
  readonly at: number;
  readonly irradiance: number;
  readonly airCelsius: number;
  readonly cabinetCelsius: number;
  readonly dc: readonly [DcInput, DcInput];
  readonly acWatts: number;
  /** AC power there would be without a limit. */
  readonly availableWatts: number;
  /** To neutral; a single-phase inverter has the first only. */
  readonly phaseVolts: readonly number[];
  readonly hertz: number;
  readonly state: State;
}

const CHANNEL = { trip: 20, tripAt: 21, grid: 30, gridFast: 33, hertz: 40, hertzFast: 41, cabinet: 50 } as const;
/** Panels per rating, and how the two strings differ. */
const STRINGS = [{ share: 0.57, volts: 362 }, { share: 0.53, volts: 341 }] as const;
const EFFICIENCY = 0.972;
/** What the electronics use themselves, of the rating. */
const OWN_USE = 0.002;
/** Moments before now that the cabinet remembers. */
const HEATED_MS = [4 * 60_000, 8 * 60_000, 12 * 60_000] as const;
const TRIP_SLOT_MS = 10 * 60_000;
const TRIP_MS = 2 * 60_000;

/** The plant at a moment: a function of its arguments and nothing else. */
export function plantAt(plant: Plant, at: number, controls: Controls): PlantValues {
  const irradiance = irradianceAt(plant, at);
  const airCelsius = airTemperature(plant, plant.seed, at);
  const cellCelsius = airCelsius + 0.03 * irradiance;
  const tripped = isTripped(plant, at);
  const dcPossible = STRINGS.map(({ share }) => stringWatts(plant, share, irradiance, cellCelsius));
  const availableWatts = tripped ? 0 : acOf(plant, sum(dcPossible));
  const cap = controls.connected ? plant.ratedWatts * controls.limitPercent / 100 : 0;
  const acWatts = Math.min(availableWatts, cap);
  const used = acWatts > 0 ? dcFor(plant, acWatts) / sum(dcPossible) : 0;
  const [first, second] = STRINGS;
  return {
    at,
    irradiance,
    airCelsius,
    cabinetCelsius: airCelsius + 4 + warmth(plant, at, acWatts) + smooth(plant.seed, CHANNEL.cabinet, at, 90_000),
    dc: [
      dcInput(first.volts, dcPossible[0] ?? 0, used, irradiance, cellCelsius),
      dcInput(second.volts, dcPossible[1] ?? 0, used, irradiance, cellCelsius),
    ],
    acWatts,
    availableWatts,
    phaseVolts: Array.from({ length: plant.phases }, (_, phase) => gridVolts(plant, at, phase, acWatts, tripped)),
    hertz: 50 + 0.08 * (smooth(plant.seed, CHANNEL.hertz, at, 40_000) - 0.5) +
      0.02 * (fast(plant, CHANNEL.hertzFast, at) - 0.5),
    state: stateOf({ irradiance, tripped, connected: controls.connected, availableWatts, acWatts }),
  };
}

/** Kelvins by which the load warms the cabinet: its switches at once, its metal by what the sun gave minutes before. */
function warmth(plant: Plant, at: number, acWatts: number): number {
  const before = sum(HEATED_MS.map((ms) => sunWatts(plant, at - ms))) / HEATED_MS.length;
  return (8 * acWatts + 14 * before) / plant.ratedWatts;
}

/** AC power without a limit, W: what the energy counter integrates. */
export function availableWattsAt(plant: Plant, at: number): number {
  return isTripped(plant, at) ? 0 : sunWatts(plant, at);
}

/** AC power that the sun allows, W. */
function sunWatts(plant: Plant, at: number): number {
  const irradiance = irradianceAt(plant, at);
  if (irradiance === 0) return 0;
  const cellCelsius = airTemperature(plant, plant.seed, at) + 0.03 * irradiance;
  return acOf(plant, sum(STRINGS.map(({ share }) => stringWatts(plant, share, irradiance, cellCelsius))));
}

function irradianceAt(plant: Plant, at: number): number {
  const clear = clearSky(sunHeight(plant, at));
  return clear === 0 ? 0 : clear * transparency(plant.seed, at);
}

/** Silicon loses 0.4% of its power a kelvin. */
function stringWatts(plant: Plant, share: number, irradiance: number, cellCelsius: number): number {
  return plant.ratedWatts * share * (irradiance / 1000) * (1 - 0.004 * (cellCelsius - 25));
}

function acOf(plant: Plant, dcWatts: number): number {
  return Math.min(plant.ratedWatts, Math.max(0, EFFICIENCY * dcWatts - OWN_USE * plant.ratedWatts));
}

function dcFor(plant: Plant, acWatts: number): number {
  return (acWatts + OWN_USE * plant.ratedWatts) / EFFICIENCY;
}

/** A string gives what the inverter takes; the less that is of what it could, the nearer it is to open circuit. */
function dcInput(nominal: number, possible: number, used: number, irradiance: number, cellCelsius: number): DcInput {
  const dawn = Math.min(1, irradiance / 8);
  const warm = 1 - 0.003 * (cellCelsius - 25);
  const load = 0.9 + 0.1 * (irradiance / (irradiance + 80)) + 0.16 * (1 - used);
  const volts = nominal * dawn * warm * load;
  const watts = possible * used;
  return { volts, amps: volts > 1 ? watts / volts : 0, watts };
}

/** 230 V with the load of the neighbourhood on it, lifted by what we feed in; a trip is an overvoltage. */
function gridVolts(plant: Plant, at: number, phase: number, acWatts: number, tripped: boolean): number {
  const slow = smooth(plant.seed, CHANNEL.grid + phase, at, 15 * 60_000) - 0.5;
  const quick = fast(plant, CHANNEL.gridFast + phase, at) - 0.5;
  return 230 + 8 * slow + 0.6 * quick + 3 * acWatts / plant.ratedWatts + (tripped ? 28 : 0);
}

/** Noise that is new every second. */
function fast(plant: Plant, channel: number, at: number): number {
  return uniform(plant.seed, channel, Math.floor(at / 1000));
}

function isTripped(plant: Plant, at: number): boolean {
  if (plant.tripsPerDay === 0) return false;
  const slot = Math.floor(at / TRIP_SLOT_MS);
  if (uniform(plant.seed, CHANNEL.trip, slot) >= plant.tripsPerDay / 144) return false;
  const from = uniform(plant.seed, CHANNEL.tripAt, slot) * (TRIP_SLOT_MS - TRIP_MS);
  const into = at - slot * TRIP_SLOT_MS;
  return into >= from && into < from + TRIP_MS;
}

function stateOf(
  now: Pick<PlantValues, "irradiance" | "availableWatts" | "acWatts"> & {
    readonly tripped: boolean;
    readonly connected: boolean;
  },
): State {
  if (now.tripped) return "fault";
  if (!now.connected) return "off";
  if (now.irradiance < 8) return "sleeping";
  if (now.availableWatts === 0) return "starting";
  return now.acWatts < now.availableWatts ? "throttled" : "mppt";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
