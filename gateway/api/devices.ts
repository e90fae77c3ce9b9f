import { setImmediate } from "node:timers";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { fromHex, toHex } from "../../crypto/bytes.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { DEVICE_STATES, STATE_REASON_CODES } from "../store/port/device_state.ts";
import type { DeviceStates, DeviceStateView } from "../state/device_states.ts";
import { stateReasonText } from "../state/reason_text.ts";
import type { Inverters } from "../store/inverters.ts";
import type { Management } from "../management/management.ts";
import type { DeviceSecret } from "../store/device_keys.ts";
import { AuthPolicy, type Device } from "../store/devices.ts";
import type { Activity } from "../store/latest_values.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { devicesPage, DevicesQuery } from "./device_pages.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { pageOf } from "./page.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

/** The `{device_id}` of a path. */
export const DeviceParam = z.object({ device_id: DeviceId });
const KeyParam = DeviceParam.extend({
  number: z.string().regex(/^[1-9]\d{0,8}$/, "must be a key number").transform(Number)
    .openapi({ type: "integer", example: 1 }),
});

/** A key of a device, without its secret. */
export const Key = z.object({
  number: z.number().int(),
  created_at_ms: z.number().int(),
  revoked_at_ms: z.number().int().nullable(),
}).openapi("DeviceKey");

const NewKey = z.object({
  number: z.number().int(),
  key: z.string().describe("64 hex digits; told only here"),
}).openapi("NewDeviceKey");

const State = z.enum(DEVICE_STATES).describe(
  "asleep: it is night there; stale: it or its samples are not heard of; fault: an inverter does not work",
);
const ReasonCode = z.enum(STATE_REASON_CODES).describe(
  "The same for programs; told_by_node: in the words of the node; recorded: in the words of an earlier version",
);
const InverterView = z.object({
  inverter: z.string(),
  state: State,
  since_ms: z.number().int(),
  reason: z.string(),
  reason_code: ReasonCode,
}).openapi("InverterState");

/** Samples of a node on their way here. */
const OutboxView = z.object({
  waiting: z.number().int().describe("Blocks of samples that the gateway has yet to take"),
  oldest_ms: z.number().int().nullable().describe("Time of the oldest sample in them; null when none waits"),
  dropped: z.number().int().describe("Samples that the node dropped because no more had room, ever"),
}).openapi("Outbox");

/** A device and how it is doing. */
export const DeviceView = z.object({
  device_id: z.string(),
  model: z.string(),
  auth: AuthPolicy,
  weak: z.boolean().describe("The device proves less than it could: the boards' scheme signs uploads only"),
  wire_id: z.string().nullable().describe("What a legacy board calls itself"),
  created_at_ms: z.number().int(),
  last_upload_ms: z.number().int().nullable().describe("When the newest block of samples was received"),
  last_sample_ms: z.number().int().nullable().describe("The time of the newest sample"),
  inverters: z.array(z.string()).describe("Names of the inverters that samples came from"),
  state: State,
  state_since: z.string().describe("RFC 3339 UTC"),
  state_since_ms: z.number().int(),
  state_reason: z.string().describe("One sentence for people"),
  state_reason_code: ReasonCode,
  inverter_states: z.array(InverterView).describe("As the node tells; those of a silent device are as the device is"),
  outbox: OutboxView.nullable().describe("As the node last told; null when it tells nothing of it, as boards do not"),
}).openapi("Device");

/** Addresses drop `.` and `..`: nobody could ask for such a device, nor remove it. */
const NewDeviceId = DeviceId.refine((name) => name !== "." && name !== "..", "must be more than dots");

const NewDeviceBody = z.strictObject({
  device_id: NewDeviceId,
  model: z.string().min(1).max(64).default("ecowatt-node"),
  auth: AuthPolicy.default("signed"),
  wire_id: DeviceId.optional().describe("For legacy: what the board calls itself; its device_id when left out"),
  key: z.string().transform((text, c) => {
    const bytes = fromHex(text);
    if (bytes?.length === 32) return bytes;
    c.addIssue({ code: "custom", message: "must be 64 hex digits" });
    return z.NEVER;
  }).optional().openapi({ type: "string" }).describe("A key that the board has already: 64 hex digits"),
}).refine(({ auth, wire_id }) => auth === "legacy" || wire_id === undefined, {
  message: "is for legacy devices only",
  path: ["wire_id"],
}).openapi("NewDevice");

interface DevicesApiIo {
  readonly management: Management;
  readonly activity: (deviceId: string) => Activity;
  readonly inverters: Pick<Inverters, "names">;
  readonly states: Pick<DeviceStates, "of">;
}

/** `/api/v1/devices`: the registry and its keys. */
export function addDeviceRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { management, activity, inverters, states }: DevicesApiIo,
): void {
  const view = (device: Device) => ({
    ...deviceView(device, activity(device.deviceId), states.of(device)),
    inverters: [...inverters.names(device.deviceId)],
  });
  api.openapi(listRoute(access), async (c) => {
    const { limit, after, state } = c.req.valid("query");
    const rest = management.listDevices().filter(({ deviceId }) => after === undefined || deviceId > after)
      .filter((device) => state === undefined || states.of(device).state === state);
    const { items, next } = pageOf(rest, limit, ({ deviceId }) => deviceId);
    const devices = [];
    for (const item of items) {
      devices.push(view(item));
      await new Promise((resolve) => setImmediate(resolve)); // others have their turn between any two
    }
    return c.json({ devices, next }, 200);
  });
  api.openapi(getRoute(access), (c) => {
    const device = management.device(c.req.valid("param").device_id);
    return c.json({ ...view(device), keys: management.keys(device.deviceId).map(keyView) }, 200);
  });
  api.openapi(createDeviceRoute(access), async (c) => {
    const { device_id, model, auth, wire_id, key } = c.req.valid("json");
    const added = await management.addDevice({
      deviceId: device_id,
      model,
      auth,
      ...(wire_id === undefined ? {} : { wireId: wire_id }),
      ...(key === undefined ? {} : { key }),
    });
    return c.json({ ...view(added.device), key: newKey(added.key) }, 201);
  });
  api.openapi(removeRoute(access), async (c) => {
    await management.removeDevice(c.req.valid("param").device_id);
    return c.body(null, 204);
  });
  api.openapi(issueKeyRoute(access), async (c) => {
    return c.json(newKey(await management.issueKey(c.req.valid("param").device_id)), 201);
  });
  api.openapi(revokeKeyRoute(access), async (c) => {
    const { device_id, number } = c.req.valid("param");
    await management.revokeKey(device_id, number);
    return c.body(null, 204);
  });
}

function deviceView(
  { deviceId, model, auth, wireId, createdAt }: Device,
  activity: Activity,
  { state, since, reason, inverters: inverterStates, outbox }: DeviceStateView,
) {
  return {
    device_id: deviceId,
    model,
    auth,
    weak: auth === "legacy",
    wire_id: wireId ?? null,
    created_at_ms: createdAt,
    last_upload_ms: activity.lastReceivedAt ?? null,
    last_sample_ms: activity.lastSampleAt ?? null,
    state,
    state_since: new Date(since).toISOString(),
    state_since_ms: since,
    state_reason: stateReasonText(reason),
    state_reason_code: reason.code,
    inverter_states: inverterStates.map(({ since, reason, ...rest }) => ({
      ...rest,
      since_ms: since,
      reason: stateReasonText(reason),
      reason_code: reason.code,
    })),
    outbox: outbox ? { ...outbox, oldest_ms: outbox.oldest_ms ?? null } : null,
  };
}

function keyView(
  { number, createdAt, revokedAt }: { number: number; createdAt: number; revokedAt: number | undefined },
) {
  return { number, created_at_ms: createdAt, revoked_at_ms: revokedAt ?? null };
}

function newKey({ number, raw }: DeviceSecret) {
  return { number, key: toHex(raw) };
}

const PATH = "/api/v1/devices";
const tags = ["devices"];

function listRoute(access: Access) {
  const query = DevicesQuery.extend({
    state: z.enum(DEVICE_STATES).optional().describe("Only devices in this state"),
  });
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "The registered devices, by name",
    ...access("viewer"),
    request: { query },
    responses: { 200: json(devicesPage(DeviceView), "A page of devices"), ...PROBLEMS },
  });
}

function getRoute(access: Access) {
  return createRoute({
    method: "get",
    path: `${PATH}/{device_id}`,
    tags,
    summary: "One device with its keys' numbers",
    ...access("viewer"),
    request: { params: DeviceParam },
    responses: { 200: json(DeviceView.extend({ keys: z.array(Key) }), "The device"), ...PROBLEMS },
  });
}

function createDeviceRoute(access: Access) {
  return createRoute({
    method: "post",
    path: PATH,
    tags,
    summary: "Registers a device and tells its key, once",
    ...takingJson(access("admin")),
    request: { body: jsonRequest(NewDeviceBody) },
    responses: { 201: json(DeviceView.extend({ key: NewKey }), "The device and its key"), ...PROBLEMS },
  });
}

function removeRoute(access: Access) {
  return createRoute({
    method: "delete",
    path: `${PATH}/{device_id}`,
    tags,
    summary: "Takes a device off the registry and destroys its keys; its samples stay",
    ...access("admin"),
    request: { params: DeviceParam },
    responses: { 204: { description: "Done" }, ...PROBLEMS },
  });
}

function issueKeyRoute(access: Access) {
  return createRoute({
    method: "post",
    path: `${PATH}/{device_id}/keys`,
    tags,
    summary: "Issues one more key, told once; the keys before stay valid until they are revoked",
    ...access("admin"),
    request: { params: DeviceParam },
    responses: { 201: json(NewKey, "The key"), ...PROBLEMS },
  });
}

function revokeKeyRoute(access: Access) {
  return createRoute({
    method: "delete",
    path: `${PATH}/{device_id}/keys/{number}`,
    tags,
    summary: "Revokes a key; not the last one",
    ...access("admin"),
    request: { params: KeyParam },
    responses: { 204: { description: "Done" }, ...PROBLEMS },
  });
}
