import type { Command } from "commander";
import { z } from "zod";
import { Nothing } from "../client/api_schemas.ts";
import { number } from "../terminal/arguments.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { seconds, settingsOf, words } from "../terminal/settings_words.ts";

const Template = z.object({ name: z.string(), settings: z.looseObject({}), changed_by: z.string() });
const TemplateList = z.object({ templates: z.array(Template) });

const Rollout = z.object({
  id: z.number(),
  phase: z.string(),
  reason: z.string().nullable(),
  template: z.string().nullable(),
  settings: z.looseObject({}),
  devices: z.array(z.object({ device_id: z.string(), stage: z.string(), reason: z.string().nullable() })),
});
type Rollout = z.infer<typeof Rollout>;
const RolloutList = z.object({ rollouts: z.array(Rollout) });

const TEMPLATES = "/api/v1/settings/templates";
const ROLLOUTS = "/api/v1/settings/rollouts";

interface StartFlags extends GatewayFlags {
  readonly devices?: readonly string[];
  readonly model?: string;
  readonly label?: string;
  readonly canary?: number;
  readonly healthyFor: string;
}

/** Settings with a name. */
export function addTemplate(settings: Command, terminal: Terminal): void {
  const template = settings.command("template").description("settings with a name, for many devices");
  gatewayFlags(template.command("set <name> <settings...>")).description("make or replace a template")
    .action(async (name: string, assignments: string[], flags: GatewayFlags) => {
      const path = `${TEMPLATES}/${encodeURIComponent(name)}`;
      const made = await withGateway(flags, (api) => api.call("PUT", path, Template, settingsOf(assignments)));
      terminal.out(flags.json ? JSON.stringify(made) : `${made.name}: ${words(made.settings)}`);
    });
  gatewayFlags(template.command("list")).description("list the templates")
    .action(async (flags: GatewayFlags) => {
      const { templates } = await withGateway(flags, (api) => api.call("GET", TEMPLATES, TemplateList));
      if (flags.json) return terminal.out(JSON.stringify(templates));
      if (templates.length === 0) {
        return terminal.out("There is no template yet: ecowatt settings template set NAME poll=5s");
      }
      terminal.out(
        table(["TEMPLATE", "SETTINGS", "BY"], templates.map((one) => [one.name, words(one.settings), one.changed_by])),
      );
    });
  gatewayFlags(template.command("remove <name>")).description("remove a template; devices keep what it set")
    .action(async (name: string, flags: GatewayFlags) => {
      await withGateway(flags, (api) => api.call("DELETE", `${TEMPLATES}/${encodeURIComponent(name)}`, Nothing));
      terminal.out(flags.json ? JSON.stringify({ removed: name }) : `The template ${name} is removed`);
    });
}

/** A template on its way to many devices. */
export function addSettingsRollout(settings: Command, terminal: Terminal): void {
  const rollout = settings.command("rollout").description("apply a template to many devices, some of them first");
  gatewayFlags(rollout.command("start <template>"))
    .description("apply a template to the devices that fit all that is given")
    .option("--devices <device...>", "by name")
    .option("--model <model>", "by model")
    .option("--label <label>", "by label")
    .option("--canary <number>", "so many first; if they do not stay healthy, all is put back", number)
    .option("--healthy-for <duration>", "how long they have to be healthy before the rest follow", "10m")
    .action((template: string, flags: StartFlags) => start(template, flags, terminal));
  gatewayFlags(rollout.command("list")).description("list the rollouts of settings, the newest first")
    .action((flags: GatewayFlags) => list(flags, terminal));
  gatewayFlags(rollout.command("show <id>")).description("show how each device stands")
    .action((id: string, flags: GatewayFlags) => show(number(id), flags, terminal));
  gatewayFlags(rollout.command("abort <id>")).description("end a running rollout and put back what it set")
    .option("--keep", "leave what was set as it is")
    .action((id: string, flags: GatewayFlags & { keep?: boolean }) => abort(number(id), flags, terminal));
}

async function start(template: string, flags: StartFlags, terminal: Terminal): Promise<void> {
  const { devices, model, label, canary } = flags;
  const body = {
    template,
    ...(devices === undefined ? {} : { devices }),
    ...(model === undefined ? {} : { model }),
    ...(label === undefined ? {} : { label }),
    ...(canary === undefined ? {} : { canary: { devices: canary, healthy_for_s: seconds(flags.healthyFor) } }),
  };
  const started = await withGateway(flags, (api) => api.call("POST", ROLLOUTS, Rollout, body));
  tell(started, flags, terminal);
}

async function list(flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const { rollouts } = await withGateway(flags, (api) => api.call("GET", ROLLOUTS, RolloutList));
  if (flags.json) return terminal.out(JSON.stringify(rollouts));
  if (rollouts.length === 0) return terminal.out("There was no rollout yet: ecowatt settings rollout start TEMPLATE");
  const rows = rollouts.map((one) => [
    String(one.id),
    one.template ?? words(one.settings),
    one.phase,
    `${one.devices.filter(({ stage }) => stage === "set").length} of ${one.devices.length} set`,
    one.reason ?? "",
  ]);
  terminal.out(table(["ID", "SETTINGS", "PHASE", "DEVICES", ""], rows));
}

async function show(id: number, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  tell(await withGateway(flags, (api) => api.call("GET", `${ROLLOUTS}/${id}`, Rollout)), flags, terminal);
}

async function abort(id: number, flags: GatewayFlags & { keep?: boolean }, terminal: Terminal): Promise<void> {
  const body = { restore: !flags.keep };
  const ended = await withGateway(flags, (api) => api.call("POST", `${ROLLOUTS}/${id}/abort`, Rollout, body));
  tell(ended, flags, terminal);
}

function tell(rollout: Rollout, flags: GatewayFlags, terminal: Terminal): void {
  if (flags.json) return terminal.out(JSON.stringify(rollout));
  const { id, phase, reason, devices } = rollout;
  terminal.out(`Rollout ${id}: ${phase}${reason === null ? "" : `, ${reason}`}`);
  terminal.out(table(["DEVICE", "STAGE", ""], devices.map((one) => [one.device_id, one.stage, one.reason ?? ""])));
}
