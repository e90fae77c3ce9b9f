import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { InverterName } from "../../protocol/messages/sample_blocks.ts";
import type { RemoveInverter } from "../management/inverter_removal.ts";
import type { Access } from "./access.ts";
import { DeviceParam } from "./devices.ts";
import type { ApiEnv } from "./env.ts";
import { PROBLEMS } from "./problem_schema.ts";

/** `/api/v1/devices/{device_id}/inverters`: what a device had. */
export function addInverterRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { removeInverter }: { readonly removeInverter: RemoveInverter },
): void {
  api.openapi(removeRoute(access), async (c) => {
    const { device_id, inverter } = c.req.valid("param");
    await removeInverter(device_id, inverter);
    return c.body(null, 204);
  });
}

function removeRoute(access: Access) {
  return createRoute({
    method: "delete",
    path: "/api/v1/devices/{device_id}/inverters/{inverter}",
    tags: ["devices"],
    summary: "Takes an inverter off a device that does not poll it any more; its samples stay",
    ...access("admin"),
    request: { params: DeviceParam.extend({ inverter: InverterName }) },
    responses: { 204: { description: "Done" }, ...PROBLEMS },
  });
}
