import { type EnergyCounter, energyCounter } from "./energy.ts";
import { type Plant, plantAt, type PlantValues } from "./plant.ts";

/** What a plant shows at one moment, its counter included. */
export interface InverterValues extends PlantValues {
  /** Delivered since installation, Wh; never falls. */
  readonly wattHours: number;
  /** The limit in force, % of the rating. */
  readonly limitPercent: number;
}

/** A running inverter: the plant and what its operators have set. */
export interface SimulatedInverter {
  readonly plant: Plant;
  /** The same object until the next refresh, so that one answer never mixes two moments. */
  values(): InverterValues;
  /** A limit set over one of its interfaces, 0 to 100%, until a simulated moment; the lowest of them is in force. */
  limit(from: string, percent: number, until?: number): void;
  /** Connects it to the grid or takes it off. */
  connect(connected: boolean): void;
}

/** Real inverters renew their registers a few times a second. */
const REFRESH_MS = 100;

/** An inverter over `now`, the simulated time in unix ms; `speed` is how much faster than real that runs. */
export function createInverter(plant: Plant, now: () => number, speed = 1): SimulatedInverter {
  const refresh = REFRESH_MS * Math.max(1, speed);
  const limits = new Map<string, { readonly percent: number; readonly until: number }>();
  let connected = true;
  let shown: InverterValues | undefined;
  const moment = () => Math.floor(now() / refresh) * refresh;
  const energy: EnergyCounter = energyCounter(plant, moment());
  const limitPercent = (at: number) => {
    return Math.min(100, ...[...limits.values()].filter(({ until }) => at < until).map(({ percent }) => percent));
  };
  const count = (at: number) => energy.advance(at, connected ? plant.ratedWatts * limitPercent(at) / 100 : 0);
  /** What was delivered so far was delivered under the old settings. */
  const change = (apply: () => void) => {
    count(moment());
    apply();
    shown = undefined;
  };
  return {
    plant,
    values() {
      const at = moment();
      if (shown?.at === at) return shown;
      const controls = { connected, limitPercent: limitPercent(at) };
      shown = { ...plantAt(plant, at, controls), wattHours: count(at), limitPercent: controls.limitPercent };
      return shown;
    },
    limit: (from, percent, until = Number.POSITIVE_INFINITY) => change(() => void limits.set(from, { percent, until })),
    connect: (to) => change(() => void (connected = to)),
  };
}
