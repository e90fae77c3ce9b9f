import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { rawRange, wordsOf } from "../../protocol/profile/raw.ts";
import type { Register } from "../../protocol/profile/register.ts";
import type { InverterAbilities } from "../command/abilities.ts";
import type { CommandService } from "../command/command_service.ts";
import type { Access } from "./access.ts";
import { DeviceParam } from "./devices.ts";
import type { ApiEnv } from "./env.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

const Limits = {
  min: z.number().nullable().describe("Least value in `unit`; null: any"),
  max: z.number().nullable().describe("Greatest value in `unit`; null: any"),
};
const RegisterAbility = z.object({
  name: z.string(),
  description: z.string(),
  address: z.number().int(),
  words: z.number().int(),
  unit: z.string(),
  gain: z.number().nullable().describe(
    "Raw value = value in `unit` × gain; null: by a scale factor that the inverter has",
  ),
  ...Limits,
});
/** What the inverters of a device can be told. */
export const AbilitiesView = z.object({
  device_id: z.string(),
  inverters: z.array(z.object({
    inverter: z.string(),
    profile: z.string(),
    title: z.string(),
    set_power: z.object({
      units: z.array(z.string()).describe("The first is that of the limit's register"),
      ...Limits,
      can_revert: z.boolean().describe("Whether `revert_s` may be given"),
    }).nullable().describe("null: its power cannot be limited"),
    write_register: z.array(RegisterAbility),
    read_register: z.array(RegisterAbility),
  })),
}).openapi("CommandAbilities");

/** `/api/v1/devices/{device_id}/command-abilities`. */
export function addCommandAbilityRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { commandService }: { readonly commandService: Pick<CommandService, "abilities"> },
): void {
  api.openapi(abilitiesRoute(access), (c) => {
    const { device_id } = c.req.valid("param");
    return c.json({ device_id, inverters: commandService.abilities(device_id).map(abilitiesView) }, 200);
  });
}

function abilitiesRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/api/v1/devices/{device_id}/command-abilities",
    tags: ["commands"],
    summary: "What each inverter of a device can be told, with limits; empty while nothing was uploaded",
    ...access("viewer"),
    request: { params: DeviceParam },
    responses: { 200: json(AbilitiesView, "The abilities"), ...PROBLEMS },
  });
}

type Inverter = z.infer<typeof AbilitiesView>["inverters"][number];

function abilitiesView({ inverter, profile, control, writable, readable }: InverterAbilities): Inverter {
  return {
    inverter,
    profile: profile.id,
    title: profile.title,
    set_power: control
      ? {
        units: [control.limit.unit, ...control.acceptsWatts ? ["W"] : []],
        ...limitsOf(control.limit),
        can_revert: control.canRevert,
      }
      : null,
    write_register: writable.map(registerView),
    read_register: readable.map(registerView),
  };
}

function registerView(register: Register): z.infer<typeof RegisterAbility> {
  const { name, description, address, encoding, unit, scale } = register;
  const gain = scale.kind === "gain" ? scale.gain : null;
  return { name, description, address, words: wordsOf(encoding), unit, gain, ...limitsOf(register) };
}

function limitsOf(
  { plausible, encoding, scale }: Register,
): { readonly min: number | null; readonly max: number | null } {
  if (plausible) return { min: plausible.min, max: plausible.max };
  if (scale.kind === "exponent") return { min: null, max: null };
  const { min, max } = rawRange(encoding);
  return { min: min / scale.gain, max: max / scale.gain };
}
