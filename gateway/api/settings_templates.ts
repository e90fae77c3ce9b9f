import { inWords } from "../../protocol/settings/broken_rule.ts";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Clock } from "../../platform/clock.ts";
import { SETTING_KEYS, SettingsValues } from "../../protocol/settings/settings.ts";
import { checkSettings } from "../../protocol/settings/rules.ts";
import { Fault } from "../fault.ts";
import type { GroupCommit } from "../store/group_commit.ts";
import { type Template, TemplateName, type Templates } from "../store/settings_templates.ts";
import type { Access } from "./access.ts";
import type { ApiEnv } from "./env.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { json, PROBLEMS } from "./problem_schema.ts";
import { whoIs } from "./settings.ts";

/** Templates there may be. */
const MAX_TEMPLATES = 1_000;

/** Settings that name at least one value. */
export const TemplateSettings = SettingsValues.refine(
  (values) => SETTING_KEYS.some((key) => values[key] !== undefined),
  "must name a setting",
);

/** A template. */
export const View = z.object({
  name: z.string(),
  settings: SettingsValues.describe("What it leaves out stays as it is on each device"),
  changed_by: z.string(),
  changed_at_ms: z.number().int(),
}).openapi("SettingsTemplate");

const Param = z.object({ name: TemplateName });

interface TemplatesApiIo {
  readonly templates: Templates;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Pick<Clock, "now">;
}

/** `/api/v1/settings/templates`: settings with a name. To apply one, start a rollout with it. */
export function addTemplateRoutes(
  api: OpenAPIHono<ApiEnv>,
  access: Access,
  { templates, commit, clock }: TemplatesApiIo,
): void {
  const known = (name: string): Template => {
    const found = templates.find(name);
    if (!found) throw new Fault("not_found", `There is no template ${name}`);
    return found;
  };
  api.openapi(listRoute(access), (c) => c.json({ templates: templates.list().map(viewOf) }, 200));
  api.openapi(getRoute(access), (c) => c.json(viewOf(known(c.req.valid("param").name)), 200));
  api.openapi(putRoute(access), async (c) => {
    const { name } = c.req.valid("param");
    const settings = c.req.valid("json");
    requirePossible(settings);
    await commit.run(() => {
      if (!templates.find(name) && templates.count() >= MAX_TEMPLATES) {
        throw new Fault("refused", `There are ${MAX_TEMPLATES} templates already: remove one first`);
      }
      templates.put({ name, settings, changedBy: whoIs(c.get("token")), changedAt: clock.now() });
    });
    return c.json(viewOf(known(name)), 200);
  });
  api.openapi(removeRoute(access), async (c) => {
    const { name } = c.req.valid("param");
    await commit.run(() => {
      if (!templates.remove(name)) throw new Fault("not_found", `There is no template ${name}`);
    });
    return c.body(null, 204);
  });
}

/** What no device could have is refused here; what this or that device cannot have, when it is applied. */
function requirePossible(settings: SettingsValues): void {
  const refusals = inWords(checkSettings(settings, { auth: "signed", profiles: [] }));
  if (refusals.length === 0) return;
  const fields = refusals.map(({ key, ...refusal }) => ({ path: key, ...refusal }));
  const text = fields.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new Fault("refused", `No device can have these settings: ${text}`, { fields });
}

function viewOf({ name, settings, changedBy, changedAt }: Template): z.infer<typeof View> {
  return { name, settings, changed_by: changedBy, changed_at_ms: changedAt };
}

const PATH = "/api/v1/settings/templates";
const tags = ["settings"];

function listRoute(access: Access) {
  return createRoute({
    method: "get",
    path: PATH,
    tags,
    summary: "The templates, by name",
    ...access("viewer"),
    responses: { 200: json(z.object({ templates: z.array(View) }), "All templates"), ...PROBLEMS },
  });
}

function getRoute(access: Access) {
  return createRoute({
    method: "get",
    path: `${PATH}/{name}`,
    tags,
    summary: "One template",
    ...access("viewer"),
    request: { params: Param },
    responses: { 200: json(View, "The template"), ...PROBLEMS },
  });
}

function putRoute(access: Access) {
  return createRoute({
    method: "put",
    path: `${PATH}/{name}`,
    tags,
    summary: "Makes or replaces a template; what it was applied to stays as it is",
    ...takingJson(access("operator")),
    request: {
      params: Param,
      body: jsonRequest(TemplateSettings),
    },
    responses: { 200: json(View, "The template now"), ...PROBLEMS },
  });
}

function removeRoute(access: Access) {
  return createRoute({
    method: "delete",
    path: `${PATH}/{name}`,
    tags,
    summary: "Removes a template; what it was applied to stays as it is",
    ...access("operator"),
    request: { params: Param },
    responses: { 204: { description: "Done" }, ...PROBLEMS },
  });
}
