import type { Command } from "commander";
import { z } from "zod";
import { duration } from "../../device/quantity.ts";
import { usage } from "../exit.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../gateway_access.ts";
import { table, type Terminal } from "../output.ts";
import { pathOf } from "./device.ts";

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

/** What users type, the API's name for it, and how it is read. `default` leaves a setting to the device. */
const SETTINGS = {
  poll: { key: "poll_interval_s", parse: seconds },
  upload: { key: "upload_interval_s", parse: seconds },
  registers: { key: "registers", parse: (text: string) => text.split(",").map((name) => name.trim()) },
} as const;

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
}

async function get(name: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const found = await withGateway(flags, (api) => api.call("GET", `${pathOf(name)}/settings`, Settings));
  if (flags.json) return terminal.out(JSON.stringify(found));
  const rows = Object.values(SETTINGS).map(({ key }) => [
    key,
    shown(found.desired[key]),
    shown(found.reported?.[key]),
    progressOf(found, key),
  ]);
  terminal.out(`${name}: version ${found.version}, ${found.state}`);
  terminal.out(table(["SETTING", "DESIRED", "REPORTED", ""], rows));
}

async function set(name: string, assignments: readonly string[], flags: SetFlags, terminal: Terminal): Promise<void> {
  const patch = Object.fromEntries(assignments.map(assignment));
  const path = `${pathOf(name)}/settings${flags.dryRun ? "?dry_run=true" : ""}`;
  const version = flags.ifVersion === undefined ? {} : { version: Number(flags.ifVersion) };
  const answer = await withGateway(flags, (api) => api.call("PATCH", path, Changed, { ...patch, ...version }));
  if (flags.json) return terminal.out(JSON.stringify(answer));
  if (!answer.changed && answer.changes.length === 0) {
    return terminal.out(`Unchanged: ${name} is to have these settings already (version ${answer.version})`);
  }
  terminal.out(flags.dryRun ? "Would change:" : `Version ${answer.version}, waiting for ${name}:`);
  for (const { key, from, to } of answer.changes) terminal.out(`  ${key}: ${shown(from)} → ${shown(to)}`);
}

function assignment(text: string): [string, unknown] {
  const [name, value] = text.split("=", 2);
  const setting = Object.entries(SETTINGS).find(([known]) => known === name)?.[1];
  if (setting === undefined || !value) throw usage(`"${text}" is not one of poll=…, upload=…, registers=…`);
  return [setting.key, value === "default" ? null : setting.parse(value)];
}

function seconds(text: string): number {
  const parsed = duration("0s", "10000h").safeParse(text);
  if (parsed.success) return parsed.data / 1000;
  throw usage(`"${text}" ${parsed.error.issues[0]?.message ?? "is no duration"}`);
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
    Object.entries(rest).filter(([, value]) => value !== null).map(([key, value]) => `${key}=${shown(value)}`).join(
      " ",
    ),
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

function shown(value: unknown): string {
  if (value === undefined || value === null) return "the device's own";
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
