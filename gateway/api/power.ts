import { setImmediate } from "node:timers";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { lookup } from "../../protocol/profile/lookup.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Inverters } from "../store/inverters.ts";
import type { Management } from "../management/management.ts";
import type { SampleReader } from "../store/sample_reader.ts";
import type { DeviceState } from "../store/port/device_state.ts";
import type { DeviceStates } from "../state/device_states.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

const Watt = z.number().nullable();

/** AC power now. */
export const PowerView = z.object({
  power_w: Watt.describe("Of all devices whose power is known; null when none is"),
  unknown: z.array(z.string()).describe("Devices whose power is not known now"),
  devices: z.array(z.object({
    device_id: z.string(),
    power_w: Watt.describe("Of all its inverters; 0 when it is asleep, null while one of them is not known"),
    inverters: z.array(z.object({
      inverter: z.string(),
      register: z.string().describe("The register that tells the AC power"),
      power_w: z.number().describe("As last told"),
      time_ms: z.number().int(),
    })),
  })),
}).openapi("Power");

interface PowerApiIo {
  readonly management: Pick<Management, "listDevices">;
  readonly states: Pick<DeviceStates, "of">;
  readonly inverters: Pick<Inverters, "present">;
  readonly reader: Pick<SampleReader, "select" | "latest">;
  readonly clock: Pick<Clock, "now">;
}

/** `/api/v1/power`: what everything gives now. */
export function addPowerRoutes(api: OpenAPIHono<ApiEnv>, access: Access, io: PowerApiIo): void {
  api.openapi(powerRoute(access), async (c) => {
    const devices: z.infer<typeof PowerView>["devices"] = [];
    for (const device of io.management.listDevices()) {
      const inverters = invertersOf(device.deviceId, io);
      const state = io.states.of(device).state;
      devices.push({ device_id: device.deviceId, power_w: powerOf(state, inverters), inverters });
      await new Promise((resolve) => setImmediate(resolve)); // others have their turn between any two
    }
    const known = devices.flatMap(({ power_w }) => power_w ?? []);
    const view: z.infer<typeof PowerView> = {
      power_w: known.length === 0 ? null : known.reduce((sum, power) => sum + power, 0),
      unknown: devices.filter(({ power_w }) => power_w === null).map(({ device_id }) => device_id),
      devices,
    };
    return c.json(view, 200);
  });
}

type InverterPower = z.infer<typeof PowerView>["devices"][number]["inverters"][number];

/** What a device told last is its power only for as long as it is well. */
function powerOf(state: DeviceState, inverters: readonly InverterPower[]): number | null {
  switch (state) {
    case "ok":
      return inverters.length === 0 ? null : inverters.reduce((sum, { power_w }) => sum + power_w, 0);
    case "asleep":
      return 0;
    case "stale":
    case "fault":
      return null;
    default:
      return state satisfies never;
  }
}

/** What each inverter that is there last told of its power. */
function invertersOf(deviceId: string, { inverters, reader, clock }: PowerApiIo): InverterPower[] {
  const powers = new Map(
    inverters.present(deviceId).flatMap(({ inverter, profile, registers }) => {
      const register = profile.power === undefined ? undefined : lookup(profile, profile.power)?.name;
      return register !== undefined && registers.includes(register) ? [[inverter, register]] : [];
    }),
  );
  if (powers.size === 0) return [];
  const now = clock.now();
  const selection = reader.select({
    device: deviceId,
    registers: [...new Set(powers.values())],
    from: now,
    to: now + 1,
  });
  return reader.latest(selection).filter(({ inverter, register }) => powers.get(inverter) === register)
    .map(({ inverter, register, value, at }) => ({ inverter, register, power_w: value, time_ms: at }));
}

function powerRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/api/v1/power",
    tags: ["samples"],
    summary: "AC power now, of every device and of all",
    ...access("viewer"),
    responses: { 200: json(PowerView, "The power, in W"), ...PROBLEMS },
  });
}
