import type { Family, Labels, Point } from "../../platform/metrics/exposition.ts";
import type { DeviceState } from "../store/port/device_state.ts";
import { DEVICE_STATES } from "../store/port/device_state.ts";
import type { DeviceStateView } from "../state/device_states.ts";
import type { LatestValue } from "../store/latest_values.ts";
import { type Measurement, measurementOf, MEASUREMENTS } from "./measurements.ts";

/** What is told of one device. Times in unix milliseconds. */
export interface DeviceReading {
  readonly device: string;
  readonly view: DeviceStateView;
  readonly lastSampleAt: number | undefined;
  readonly values: readonly LatestValue[];
  /** Lifetime energy by inverter, watt-hours. */
  readonly energy: readonly { readonly inverter: string; readonly wattHours: number | undefined }[];
}

/** A value of an inverter that is not `ok` is told for so long: then it is unknown what it is now. */
const LASTING_MS = 5 * 60_000;
const JOULES = 3_600;

/** The families of all devices. */
export function deviceFamilies(readings: readonly DeviceReading[], now: number): readonly Family[] {
  const gauge = (name: string, help: string, points: readonly Point[]): Family => {
    return { name: `ecowatt_${name}`, help, type: "gauge", points };
  };
  const total = (name: string, help: string, factor: number): Family => ({
    name: `ecowatt_${name}`,
    help,
    type: "counter",
    points: readings.flatMap(({ device, energy }) =>
      energy.map(({ inverter, wattHours }) => ({
        labels: { device, inverter },
        value: wattHours === undefined ? undefined : wattHours * factor,
      }))
    ),
  });
  return [
    gauge("device_up", "1 for a device that is heard of, asleep or not", readings.map(upOf)),
    gauge("device_state", "1 for the state that a device is in, 0 for the others", readings.flatMap(stateOf)),
    gauge("inverter_state", "1 for the state that an inverter is in, 0 for the others", readings.flatMap(invertersOf)),
    gauge("data_age_seconds", "Time since the newest sample of a device was taken", readings.map(ageOf(now))),
    ...measured(readings, now, gauge),
    total("energy_joules_total", "Energy that an inverter has delivered", JOULES),
    total("energy_watthours_total", "Energy that an inverter has delivered, for people", 1),
  ];
}

function upOf({ device, view }: DeviceReading): Point {
  return { labels: { device }, value: Number(view.state !== "stale") };
}

function stateOf({ device, view }: DeviceReading): readonly Point[] {
  return oneHot({ device }, view.state);
}

function invertersOf({ device, view }: DeviceReading): readonly Point[] {
  return view.inverters.flatMap(({ inverter, state }) => oneHot({ device, inverter }, state));
}

function oneHot(labels: Labels, is: DeviceState): readonly Point[] {
  return DEVICE_STATES.map((state) => ({ labels: { ...labels, state }, value: Number(state === is) }));
}

function ageOf(now: number): (reading: DeviceReading) => Point {
  return ({ device, lastSampleAt: at }) => ({
    labels: { device },
    value: at === undefined ? undefined : Math.max(0, now - at) / 1000,
  });
}

function measured(
  readings: readonly DeviceReading[],
  now: number,
  gauge: (name: string, help: string, points: readonly Point[]) => Family,
): readonly Family[] {
  const points = new Map<Measurement["metric"], Point[]>();
  for (const { device, view, values } of readings) {
    for (const { inverter, register, value, at } of values) {
      const known = measurementOf(register);
      if (known === undefined || !isCurrent(view, inverter, now - at)) continue;
      const labels = { device, inverter, ...known.labels };
      const point = { labels, value: value * known.factor };
      const others = points.get(known.metric);
      if (others) others.push(point);
      else points.set(known.metric, [point]);
    }
  }
  return [...points].map(([metric, all]) => gauge(metric, MEASUREMENTS[metric], all));
}

function isCurrent({ state, inverters }: DeviceStateView, inverter: string, ageMs: number): boolean {
  const own = inverters.find((one) => one.inverter === inverter)?.state ?? state;
  return own === "ok" || (own !== "stale" && ageMs <= LASTING_MS);
}
