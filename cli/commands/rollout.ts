import type { Command } from "commander";
import { z } from "zod";
import { duration } from "../../platform/quantity.ts";
import { number } from "../terminal/arguments.ts";
import { usage } from "../terminal/exit.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { table, type Terminal } from "../terminal/output.ts";

const Rollout = z.object({
  id: z.number(),
  phase: z.string(),
  reason: z.string().nullable(),
  model: z.string(),
  version: z.string(),
  wave: z.number(),
  waves: z.array(z.object({ devices: z.number(), successes: z.number() })),
  counts: z.record(z.string(), z.number()),
  devices: z.array(
    z.object({ device_id: z.string(), stage: z.string(), attempts: z.number(), reason: z.string().nullable() }),
  ),
});
type Rollout = z.infer<typeof Rollout>;
const Rollouts = z.object({ rollouts: z.array(Rollout) });

const PATH = "/api/v1/rollouts";

interface StartFlags extends GatewayFlags {
  readonly devices?: string;
  readonly label?: string;
  readonly waves?: string;
  readonly pauseAfter?: number;
  readonly abortAfter?: number;
  readonly attempts?: number;
  readonly backoff?: string;
  readonly timeout?: string;
  readonly jitter?: string;
  readonly window?: string;
}

/** Firmware on its way to devices. */
export function addRollout(program: Command, terminal: Terminal): void {
  const rollout = program.command("rollout").description("bring firmware to devices, in waves");
  gatewayFlags(rollout.command("start <model> <version>"))
    .description("offer a firmware to all devices of its model, or to some")
    .option("--devices <names>", "only these, in this order: a,b,c")
    .option("--label <label>", "only devices with this label")
    .option("--waves <sizes>", "such as 1,10%,50%: one device first; 10%/8 goes on after 8 of that wave's successes")
    .option("--pause-after <number>", "pause when so many devices failed for good (default 1)", number)
    .option("--abort-after <number>", "abort when so many devices failed for good", number)
    .option("--attempts <number>", "offers that one device gets (default 3)", number)
    .option("--backoff <duration>", "before the second attempt, doubled each time (default 10m)")
    .option("--timeout <duration>", "in which time a device has to run the new image (default 24h)")
    .option("--jitter <duration>", "over which the devices of a wave are spread")
    .option("--window <times>", "time of day in which updates begin, UTC: 22:00-04:30")
    .action((model: string, version: string, flags: StartFlags) => start(model, version, flags, terminal));
  gatewayFlags(rollout.command("list")).description("list the rollouts, the newest first")
    .action((flags: GatewayFlags) => list(flags, terminal));
  gatewayFlags(rollout.command("show <id>")).description("show a rollout and its devices")
    .action(async (id: string, flags: GatewayFlags) => {
      show(await withGateway(flags, (api) => api.call("GET", `${PATH}/${number(id)}`, Rollout)), flags, terminal);
    });
  const changes = { pause: "stop offering, and downloads", resume: "go on", abort: "end a rollout" } as const;
  for (const [kind, description] of Object.entries(changes)) {
    gatewayFlags(rollout.command(`${kind} <id>`)).description(description)
      .action(async (id: string, flags: GatewayFlags) => {
        const path = `${PATH}/${number(id)}/${kind}`;
        show(await withGateway(flags, (api) => api.call("POST", path, Rollout)), flags, terminal);
      });
  }
}

async function start(model: string, version: string, flags: StartFlags, terminal: Terminal): Promise<void> {
  const body = {
    model,
    version,
    devices: flags.devices?.split(","),
    label: flags.label,
    waves: flags.waves?.split(",").map(wave),
    pause_after: flags.pauseAfter ?? (flags.abortAfter === undefined ? 1 : undefined),
    abort_after: flags.abortAfter,
    attempts: flags.attempts,
    backoff_s: seconds(flags.backoff),
    timeout_s: seconds(flags.timeout),
    jitter_s: seconds(flags.jitter),
    window: flags.window,
  };
  show(await withGateway(flags, (api) => api.call("POST", PATH, Rollout, body)), flags, terminal);
}

/** `10%/8`: a tenth of all, and on after 8 successes. */
function wave(text: string): { size: number | string; successes?: number | string } {
  const [size = "", successes] = text.split("/", 2);
  return { size: amount(size), ...(successes === undefined ? {} : { successes: amount(successes) }) };
}

function amount(text: string): number | string {
  return text.endsWith("%") ? text : number(text);
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parsed = duration("0s", "10000h").safeParse(text);
  if (parsed.success) return parsed.data / 1000;
  throw usage(`"${text}" ${parsed.error.issues[0]?.message ?? "is no duration"}`);
}

async function list(flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const { rollouts } = await withGateway(flags, (api) => api.call("GET", PATH, Rollouts));
  if (flags.json) return terminal.out(JSON.stringify(rollouts));
  if (rollouts.length === 0) return terminal.out("There was no rollout yet: ecowatt rollout start MODEL VERSION");
  const rows = rollouts.map((r) => [String(r.id), r.model, r.version, r.phase, counted(r), r.reason ?? ""]);
  terminal.out(table(["ID", "MODEL", "VERSION", "PHASE", "DEVICES", ""], rows));
}

function show(rollout: Rollout, flags: GatewayFlags, terminal: Terminal): void {
  if (flags.json) return terminal.out(JSON.stringify(rollout));
  const { id, model, version, phase, wave, waves, reason, devices } = rollout;
  terminal.out(
    `Rollout ${id}: ${model} ${version}, ${phase}, wave ${wave} of ${waves.length}${reason ? `: ${reason}` : ""}`,
  );
  terminal.out(counted(rollout));
  const rows = devices.map((d) => [d.device_id, d.stage, String(d.attempts), d.reason ?? ""]);
  terminal.out(table(["DEVICE", "STAGE", "ATTEMPTS", ""], rows));
}

function counted({ counts }: Rollout): string {
  return Object.entries(counts).filter(([, n]) => n > 0).map(([stage, n]) => `${n} ${stage}`).join(", ");
}
