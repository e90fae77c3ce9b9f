import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Management } from "../management/management.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { Label, type Labels } from "../store/labels.ts";
import type { Access } from "./access.ts";
import { DeviceParam } from "./devices.ts";
import type { ApiEnv } from "./env.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

const View = z.object({ device_id: z.string(), labels: z.array(z.string()) }).openapi("DeviceLabels");
const Body = z.strictObject({ labels: z.array(Label).max(64) }).openapi("NewDeviceLabels");

interface LabelsApiIo {
  readonly management: Management;
  readonly labels: Labels;
  readonly commit: Pick<GroupCommit, "run">;
}

/** `/api/v1/devices/{device_id}/labels`: words by which devices are chosen together. */
export function addLabelRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { management, labels, commit }: LabelsApiIo,
): void {
  const view = (deviceId: string) => {
    return { device_id: deviceId, labels: [...labels.of(management.device(deviceId))] };
  };
  api.openapi(getRoute(access), (c) => c.json(view(c.req.valid("param").device_id), 200));
  api.openapi(putRoute(access), async (c) => {
    const { device_id } = c.req.valid("param");
    const { labels: wanted } = c.req.valid("json");
    await commit.run(() => labels.replace(management.device(device_id), wanted));
    return c.json(view(device_id), 200);
  });
}

const PATH = "/api/v1/devices/{device_id}/labels";
const tags = ["devices"];

function getRoute(access: Access) {
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "The labels of a device",
    ...access("viewer"),
    request: { params: DeviceParam },
    responses: { 200: json(View, "The labels, by name"), ...PROBLEMS },
  });
}

function putRoute(access: Access) {
  return createRoute({
    method: "put",
    path: PATH,
    tags,
    summary: "Replaces the labels of a device",
    ...takingJson(access("operator")),
    request: { params: DeviceParam, body: jsonRequest(Body) },
    responses: { 200: json(View, "The labels now"), ...PROBLEMS },
  });
}
