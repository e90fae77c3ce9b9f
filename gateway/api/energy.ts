import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Clock } from "../../platform/clock.ts";
import type { EnergyReader } from "../energy/energy_reader.ts";
import type { Management } from "../management/management.ts";
import type { Access } from "./access.ts";
import { DeviceParam } from "./devices.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

const Wh = z.number().nullable();
const Day = z.string().openapi({ example: "2026-11-24" });

const NotCounted = z.number().describe(
  "What provisional samples of the day would add, about; it is counted when they are corrected, if ever",
);

/** Energy of all devices. */
export const FleetEnergyView = z.object({
  time_zone: z.string(),
  day: Day.describe("Today, in the time zone"),
  today_wh: Wh.describe("Of all devices whose energy is known; null when none is"),
  lifetime_wh: Wh.describe("Of all devices whose energy is known; null when none is"),
  today_not_counted_wh: NotCounted,
  devices: z.array(
    z.object({ device_id: z.string(), today_wh: Wh, lifetime_wh: Wh, today_not_counted_wh: NotCounted }),
  ),
  unknown: z.array(z.string()).describe("Devices whose energy is not known, or not of each inverter"),
}).openapi("FleetEnergy");

/** Energy of one device. */
export const DeviceEnergyView = z.object({
  device_id: z.string(),
  time_zone: z.string(),
  day: Day.describe("Today, in the time zone"),
  today_wh: Wh.describe("Of all inverters; null while one of them is unknown"),
  lifetime_wh: Wh.describe("Of all inverters; null while one of them is unknown. Never falls"),
  today_not_counted_wh: NotCounted,
  inverters: z.array(z.object({
    inverter: z.string(),
    source: z.enum(["counter", "computed"]).describe(
      "The inverter's own counter, or the gateway's integral of its AC power",
    ),
    today_wh: Wh,
    lifetime_wh: Wh.describe("null until the counter shows something plausible. Never falls"),
    today_not_counted_wh: NotCounted,
    at_ms: z.number().int().describe("When the newest reading was taken"),
  })),
  days: z.array(z.object({ day: Day, wh: z.number(), not_counted_wh: NotCounted })).describe(
    "In order of time; days without samples are left out",
  ),
}).openapi("DeviceEnergy");

interface EnergyApiIo {
  readonly management: Pick<Management, "device" | "listDevices">;
  readonly energy: EnergyReader;
  readonly clock: Pick<Clock, "now">;
}

/** `/api/v1/energy` and `/api/v1/devices/{device_id}/energy`. */
export function addEnergyRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: EnergyApiIo): void {
  const { management, energy, clock } = io;
  api.openapi(fleetRoute(access), (c) => c.json(fleetView(io), 200));
  api.openapi(deviceRoute(access), (c) => {
    const { deviceId } = management.device(c.req.valid("param").device_id);
    const now = clock.now();
    const { inverters, todayNotCountedWh, ...sums } = energy.of(deviceId, now);
    return c.json({
      device_id: deviceId,
      time_zone: energy.timeZone,
      day: energy.dayOf(now),
      ...wattHours(sums),
      today_not_counted_wh: todayNotCountedWh,
      inverters: inverters.map(({ inverter, source, at, todayNotCountedWh, ...values }) => {
        return { inverter, source, ...wattHours(values), today_not_counted_wh: todayNotCountedWh, at_ms: at };
      }),
      days: energy.days(deviceId, c.req.valid("query").days, now).map(({ notCountedWh, ...day }) => {
        return { ...day, not_counted_wh: notCountedWh };
      }),
    }, 200);
  });
}

function fleetView({ management, energy, clock }: EnergyApiIo): z.infer<typeof FleetEnergyView> {
  const now = clock.now();
  const devices = management.listDevices().map(({ deviceId }) => {
    const { todayNotCountedWh, ...sums } = energy.of(deviceId, now);
    return { device_id: deviceId, ...wattHours(sums), today_not_counted_wh: todayNotCountedWh };
  });
  return {
    time_zone: energy.timeZone,
    day: energy.dayOf(now),
    today_wh: sumOfKnown(devices.map(({ today_wh }) => today_wh)),
    lifetime_wh: sumOfKnown(devices.map(({ lifetime_wh }) => lifetime_wh)),
    today_not_counted_wh: devices.reduce((sum, { today_not_counted_wh: wh }) => sum + wh, 0),
    devices,
    unknown: devices.filter(({ lifetime_wh }) => lifetime_wh === null).map(({ device_id }) => device_id),
  };
}

function wattHours(
  { todayWh, lifetimeWh }: { readonly todayWh: number | undefined; readonly lifetimeWh: number | undefined },
) {
  return { today_wh: todayWh ?? null, lifetime_wh: lifetimeWh ?? null };
}

function sumOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

const tags = ["energy"];

function fleetRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/api/v1/energy",
    tags,
    summary: "Energy of today and of all time, of every device",
    ...access("viewer"),
    responses: { 200: json(FleetEnergyView, "The energy, in Wh"), ...PROBLEMS },
  });
}

function deviceRoute(access: Access) {
  const query = z.object({
    days: z.coerce.number().int().min(1).max(400).default(7).describe("So many days, today included"),
  });
  return createRoute({
    method: "get",
    path: "/api/v1/devices/{device_id}/energy",
    tags,
    summary: "Energy of a device: today, of all time, and day by day",
    ...access("viewer"),
    request: { params: DeviceParam, query },
    responses: { 200: json(DeviceEnergyView, "The energy, in Wh"), ...PROBLEMS },
  });
}
