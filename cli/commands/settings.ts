import type { Command } from "commander";
import { z } from "zod";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { SETTINGS, settingsOf, shownSetting, words } from "../terminal/settings_words.ts";
import { pathOf } from "../client/device_path.ts";
import { addSettingsRollout, addTemplate } from "./settings_rollout.ts";

const Value = z.union([z.number(), z.array(z.string())]).nullable();
const Values = z.object({
  poll_interval_s: z.number().optional(),
  upload_interval_s: z.number().optional(),
  registers: z.array(z.string()).optional(),
});

const Settings = z.object({
  device_id: z.string(),
  version: z.number(),
  desired: Values,
  reported: Values.nullable(),
  pending: z.array(z.string()),
  state: z.string(),
  progress: z.record(z.string(), z.object({ status: z.string(), reason: z.string().nullable() })),
});
const Changed = Settings.extend({
  changed: z.boolean(),
  changes: z.array(z.object({ key: z.string(), from: Value, to: Value })),
});
const History = z.object({
  events: z.array(z.object({
    at_ms: z.number(),
    version: z.number(),
    ok: z.boolean().nullable(),
    event: z.looseObject({ kind: z.string() }),
  })),
});

interface SetFlags extends GatewayFlags {
  readonly dryRun?: boolean;
  readonly ifVersion?: string;
}

/** Remote configuration of devices. */
export function addSettings(program: Command, terminal: Terminal): void {
  const settings = program.command("settings").description("what devices are to poll and upload, and what they do");
  gatewayFlags(settings.command("get <device>")).description("show the desired settings beside the reported ones")
    .action((name: string, flags: GatewayFlags) => get(name, flags, terminal));
  gatewayFlags(settings.command("set <device> <settings...>"))
    .description("change settings, such as poll=3s upload=1m registers=Vac1,Iac1; poll=default leaves it to the device")
    .option("--dry-run", "show what would change, and change nothing")
    .option("--if-version <version>", "only when this is the version now")
    .action((name: string, assignments: string[], flags: SetFlags) => set(name, assignments, flags, terminal));
  gatewayFlags(settings.command("history <device>")).description("every change, delivery, report and outcome")
    .action((name: string, flags: GatewayFlags) => history(name, flags, terminal));
  addTemplate(settings, terminal);
  addSettingsRollout(settings, terminal);
}

async function get(name: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const found = await withGateway(flags, (api) => api.call("GET", `${pathOf(name)}/settings`, Settings));
  if (flags.json) return terminal.out(JSON.stringify(found));
  const rows = Object.values(SETTINGS).map(({ key }) => [
    key,
    shownSetting(found.desired[key]),
    shownSetting(found.reported?.[key]),
    progressOf(found, key),
  ]);
  terminal.out(`${name}: version ${found.version}, ${found.state}`);
  terminal.out(table(["SETTING", "DESIRED", "REPORTED", ""], rows));
}

async function set(name: string, assignments: readonly string[], flags: SetFlags, terminal: Terminal): Promise<void> {
  const patch = settingsOf(assignments);
  const path = `${pathOf(name)}/settings${flags.dryRun ? "?dry_run=true" : ""}`;
  const version = flags.ifVersion === undefined ? {} : { version: Number(flags.ifVersion) };
  const answer = await withGateway(flags, (api) => api.call("PATCH", path, Changed, { ...patch, ...version }));
  if (flags.json) return terminal.out(JSON.stringify(answer));
  if (!answer.changed && answer.changes.length === 0) {
    return terminal.out(`Unchanged: ${name} is to have these settings already (version ${answer.version})`);
  }
  terminal.out(flags.dryRun ? "Would change:" : `Version ${answer.version}, waiting for ${name}:`);
  for (const { key, from, to } of answer.changes) terminal.out(`  ${key}: ${shownSetting(from)} → ${shownSetting(to)}`);
}

async function history(name: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const path = `${pathOf(name)}/settings/history?limit=200`;
  const { events } = await withGateway(flags, (api) => api.call("GET", path, History));
  if (flags.json) return terminal.out(JSON.stringify(events));
  if (events.length === 0) {
    return terminal.out(`No setting of ${name} was ever changed: ecowatt settings set ${name} poll=5s`);
  }
  const rows = events.toReversed().map(({ at_ms, version, ok, event: { kind, ...rest } }) => [
    new Date(at_ms).toISOString(),
    ok === null ? "·" : ok ? "✓" : "✗",
    `v${version}`,
    kind,
    words(rest),
  ]);
  terminal.out(table(["TIME", "", "", "EVENT", ""], rows));
}

function progressOf({ progress, pending }: z.infer<typeof Settings>, key: string): string {
  const { status, reason } = progress[key] ?? {};
  const mark = status === "applied" || status === "accepted"
    ? "✓ "
    : status === "rejected" || status === "reverted"
    ? "✗ "
    : "";
  return status === undefined
    ? (pending.includes(key) ? "pending" : "")
    : `${mark}${status}${reason ? `: ${reason}` : ""}`;
}
