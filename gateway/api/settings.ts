import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { SettingsPatch, SettingsValues, SettingsVersion } from "../../protocol/settings/settings.ts";
import type { Change, ChangeOptions, DeviceSettings } from "../settings/device_settings.ts";
import type { Token } from "../store/tokens.ts";
import type { Access } from "./access.ts";
import { devicesPage, DevicesQuery } from "./device_pages.ts";
import { DeviceParam } from "./devices.ts";
import type { ApiEnv } from "./env.ts";
import { etagOf, IfMatchHeader, versionsOf } from "./if_match.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { pageOf } from "./page.ts";
import { json, PROBLEMS } from "./problem_schema.ts";
import {
  ChangedView,
  changedView,
  EventView,
  eventView,
  SettingsView,
  StandingView,
  standingView,
  viewOf,
} from "./settings_view.ts";

const ReplaceBody = SettingsValues.extend({
  version: SettingsVersion.optional().describe("The version that this was made from; 409 when it is another one now"),
}).openapi("ReplaceSettings");
const PatchBody = SettingsPatch.extend({ version: SettingsVersion.optional() }).openapi("PatchSettings");

interface SettingsApiIo {
  readonly settings: DeviceSettings;
}

/** `/api/v1/devices/{device_id}/settings`: what a device is to have, what it has, and how that came about. */
export function addSettingsRoutes(api: OpenAPIHono<ApiEnv>, access: Access, { settings }: SettingsApiIo): void {
  api.openapi(getRoute(access), (c) => {
    const found = settings.of(c.req.valid("param").device_id);
    return c.json(viewOf(found), 200, { etag: etagOf(found.twin.version) });
  });
  api.openapi(standingsRoute(access), (c) => {
    const { limit, after } = c.req.valid("query");
    const found = settings.page({ after, limit: limit + 1 });
    const { items, next } = pageOf(found, limit, ({ device }) => device.deviceId);
    return c.json({ devices: items.map(standingView), next }, 200);
  });
  const answer = async (deviceId: string, change: Change, options: ChangeOptions) => {
    const changed = await settings.change(deviceId, change, options);
    const headers = options.dryRun ? {} : { etag: etagOf(changed.twin.version) };
    return [changedView(changed, options), headers] as const;
  };
  api.openapi(putRoute(access), async (c) => {
    const { version, ...values } = c.req.valid("json");
    const options = optionsOf(c.get("token"), c.req.valid("header"), c.req.valid("query"), version);
    const [view, headers] = await answer(c.req.valid("param").device_id, { kind: "replace", values }, options);
    return c.json(view, 200, headers);
  });
  api.openapi(patchRoute(access), async (c) => {
    const { version, ...patch } = c.req.valid("json");
    const options = optionsOf(c.get("token"), c.req.valid("header"), c.req.valid("query"), version);
    const [view, headers] = await answer(c.req.valid("param").device_id, { kind: "patch", patch }, options);
    return c.json(view, 200, headers);
  });
  api.openapi(historyRoute(access), (c) => {
    const { limit, before } = c.req.valid("query");
    const { device_id } = c.req.valid("param");
    const events = settings.history(device_id, { limit: limit + 1, ...(before === undefined ? {} : { before }) });
    const { items, next } = pageOf(events, limit, ({ id }) => id);
    return c.json({ device_id, events: items.map(eventView), next }, 200);
  });
}

function optionsOf(
  token: Token,
  header: { readonly "if-match"?: string | undefined },
  { dry_run }: { readonly dry_run: boolean },
  base: number | undefined,
): ChangeOptions {
  const ifMatch = versionsOf(header["if-match"]);
  return {
    by: whoIs(token),
    dryRun: dry_run,
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(base === undefined ? {} : { base }),
  };
}

/** How the history names an operator. */
export function whoIs({ id, name }: Pick<Token, "id" | "name">): string {
  return id === "local" ? "local" : `token ${name}`;
}

const PATH = "/api/v1/devices/{device_id}/settings";
const tags = ["settings"];

function standingsRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/api/v1/settings",
    tags,
    summary: "How the settings of every device stand, by name",
    ...access("viewer"),
    request: { query: DevicesQuery },
    responses: { 200: json(devicesPage(StandingView), "A page of devices"), ...PROBLEMS },
  });
}

function getRoute(access: Access) {
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "What a device is to have, and what it says it has",
    ...access("viewer"),
    request: { params: DeviceParam },
    responses: { 200: { ...json(SettingsView, "Desired and reported settings"), headers: Etag }, ...PROBLEMS },
  });
}

const Etag = z.object({ etag: z.string().optional().describe("The version, for If-Match") });

const DryRun = z.object({
  dry_run: z.enum(["true", "false"]).default("false").transform((text) => text === "true")
    .describe("Checks, shows what would change, and changes nothing"),
});

function putRoute(access: Access) {
  const summary = "Sets all settings of a device; what is left out is left to the device";
  return createRoute({ method: "put", path: PATH, summary, ...changing(access, ReplaceBody) });
}

function patchRoute(access: Access) {
  const summary = "Changes some settings of a device; null leaves one to the device (RFC 7396)";
  return createRoute({ method: "patch", path: PATH, summary, ...changing(access, PatchBody) });
}

/** What both ways of changing settings have in common. */
function changing<S extends z.ZodType>(access: Access, schema: S) {
  return {
    tags,
    ...takingJson(access("operator")),
    request: {
      params: DeviceParam,
      query: DryRun,
      headers: IfMatchHeader,
      body: jsonRequest(schema),
    },
    responses: {
      200: { ...json(ChangedView, "The settings after the change; 422 with every reason when refused"), headers: Etag },
      ...PROBLEMS,
    },
  };
}

function historyRoute(access: Access) {
  const query = z.object({
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    before: z.coerce.number().int().min(1).optional().describe("Go on before this event: `next` of the page before"),
  });
  const page = z.object({
    device_id: z.string(),
    events: z.array(EventView),
    next: z.number().int().nullable(),
  });
  return createRoute({
    method: "get",
    path: `${PATH}/history`,
    tags,
    summary: "Every change, delivery, report and outcome, the newest first",
    ...access("viewer"),
    request: { params: DeviceParam, query },
    responses: { 200: json(page, "A page of events"), ...PROBLEMS },
  });
}
