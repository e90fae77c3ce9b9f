import type { Command } from "commander";
import { z } from "zod";
import { systemClock } from "../../platform/clock.ts";
import type { ApiClient } from "../client/api_client.ts";
import { number } from "../terminal/arguments.ts";
import { CliFailure, EXIT } from "../terminal/exit.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { table, type Terminal } from "../terminal/output.ts";
import { untilStopped } from "../terminal/signals.ts";
import { ago } from "../terminal/time.ts";

const Queued = z.object({ command_id: z.string() });

const CommandInfo = z.object({
  command_id: z.string(),
  device_id: z.string(),
  command_type: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  priority: z.number(),
  status: z.string(),
  queued_timestamp: z.number(),
  result: z.unknown(),
  error_message: z.string().nullable(),
});
type CommandInfo = z.infer<typeof CommandInfo>;
const ReadBack = z.object({ message: z.string() });
const Status = z.object({ command: CommandInfo });
const History = z.object({ commands: z.array(CommandInfo) });

const FINAL = new Set(["completed", "failed", "expired", "cancelled"]);
const LOOK_MS = 100;

interface QueueFlags extends GatewayFlags {
  readonly wait?: boolean;
  readonly inverter?: string;
  readonly priority?: number;
  readonly expires?: number;
  readonly unit?: string;
  readonly revert?: number;
  readonly unverified?: boolean;
  readonly overrideBudget?: boolean;
}

/** Commands to inverters. */
export function addCommand(program: Command, terminal: Terminal): void {
  const command = program.command("command").description("let inverters do something, and see what came of it");
  const queueing = (usage: string, description: string) =>
    gatewayFlags(command.command(usage)).description(description)
      .option("--wait", "show the progress, and end with the result")
      .option("--inverter <name>", "which inverter of the device, when it has several")
      .option("--priority <0-9>", "9 goes first (default 5)", number)
      .option("--expires <seconds>", "not executed after so long", number)
      .option("--override-budget", "also when the register's writes of the day are used up (admins)");
  queueing("set-power <device> <value>", "limit the output power")
    .option("--unit <unit>", "% or W (default: the inverter's own)")
    .option("--unverified", "also by a limit that nobody has tried on hardware")
    .option("--revert <seconds>", "lifted after so long, unless it is ordered again (default: it stays)", number)
    .action((device: string, value: string, flags: QueueFlags) => {
      const unit = flags.unit === undefined ? {} : { unit: flags.unit };
      const insists = flags.unverified ? { unverified: true } : {};
      const revert = flags.revert === undefined ? {} : { revert_s: flags.revert };
      return queue(
        device,
        "set_power",
        { power_value: number(value), ...unit, ...revert, ...insists },
        flags,
        terminal,
      );
    });
  queueing("write <device> <address> <value>", "write one holding register, raw")
    .action((device: string, address: string, value: string, flags: QueueFlags) =>
      queue(device, "write_register", { register_address: number(address), value: number(value) }, flags, terminal)
    );
  queueing("read <device> <address> [count]", "read holding registers, raw")
    .action((device: string, address: string, count: string | undefined, flags: QueueFlags) => {
      const words = count === undefined ? {} : { count: number(count) };
      return queue(device, "read_register", { register_address: number(address), ...words }, flags, terminal);
    });
  gatewayFlags(command.command("status <id>")).description("show one command")
    .action((id: string, flags: GatewayFlags) => status(id, flags, terminal));
  gatewayFlags(command.command("history <device>")).description("list the commands of a device")
    .action((device: string, flags: GatewayFlags) => history(device, flags, terminal));
  gatewayFlags(command.command("cancel <id>")).description("cancel a command that the device does not have yet")
    .action(async (id: string, flags: GatewayFlags) => {
      const cancelled = await withGateway(
        flags,
        (api) => api.call("POST", "/command/cancel", Status, { command_id: id }),
      );
      terminal.out(flags.json ? JSON.stringify(cancelled.command) : `${id} is cancelled`);
    });
}

async function queue(
  device: string,
  type: string,
  parameters: Record<string, unknown>,
  flags: QueueFlags,
  terminal: Terminal,
): Promise<void> {
  await withGateway(flags, async (api) => {
    const { command_id } = await api.call("POST", "/command/queue", Queued, {
      device_id: device,
      command_type: type,
      parameters,
      ...(flags.inverter === undefined ? {} : { inverter: flags.inverter }),
      ...(flags.priority === undefined ? {} : { priority: flags.priority }),
      ...(flags.expires === undefined ? {} : { expires_at: new Date(Date.now() + 1000 * flags.expires).toISOString() }),
      ...(flags.overrideBudget ? { override_budget: true } : {}),
    });
    if (flags.wait) return await follow(api, command_id, flags, terminal);
    terminal.out(
      flags.json ? JSON.stringify({ command_id, status: "pending" }) : `${command_id} is queued for ${device}`,
    );
  });
}

/** Tells each state once, and ends with the command: exit code 1 unless it was completed. */
async function follow(api: ApiClient, id: string, flags: QueueFlags, terminal: Terminal): Promise<void> {
  using stop = untilStopped();
  for (let last = ""; !stop.signal.aborted; await systemClock.sleep(LOOK_MS, stop.signal)) {
    const { command } = await api.call("GET", `/command/status?command_id=${encodeURIComponent(id)}`, Status);
    if (command.status === last) continue;
    last = command.status;
    if (!FINAL.has(last)) {
      terminal.err(`${id} is ${last}`);
      continue;
    }
    const text = resultOf(command);
    if (flags.json) terminal.out(JSON.stringify(command));
    if (last !== "completed") throw new CliFailure(EXIT.failed, `${id} is ${last}${text === "" ? "" : `: ${text}`}`);
    if (!flags.json) terminal.out(text === "" ? `${id} is completed` : text);
    return;
  }
}

async function status(id: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const path = `/command/status?command_id=${encodeURIComponent(id)}`;
  const { command } = await withGateway(flags, (api) => api.call("GET", path, Status));
  terminal.out(
    flags.json ? JSON.stringify(command) : [
      `${command.command_id}  ${command.device_id}  ${describe(command)}`,
      `${command.status}  ${resultOf(command)}`.trim(),
    ].join("\n"),
  );
}

async function history(device: string, flags: GatewayFlags, terminal: Terminal): Promise<void> {
  const path = `/command/history?device_id=${encodeURIComponent(device)}`;
  const { commands } = await withGateway(flags, (api) => api.call("GET", path, History));
  if (flags.json) return terminal.out(JSON.stringify(commands));
  if (commands.length === 0) {
    return terminal.out(`${device} was never told to do anything: ecowatt command set-power ${device} 100`);
  }
  terminal.out(table(
    ["ID", "QUEUED", "COMMAND", "STATE", "RESULT"],
    commands.map((command) => [
      command.command_id,
      ago(1000 * command.queued_timestamp),
      describe(command),
      command.status,
      resultOf(command),
    ]),
  ));
}

function describe({ command_type, parameters }: CommandInfo): string {
  return `${command_type} ${Object.entries(parameters).map(([name, value]) => `${name}=${value}`).join(" ")}`;
}

function resultOf({ result, error_message }: CommandInfo): string {
  if (error_message) return error_message;
  if (typeof result === "string") return result;
  const read = ReadBack.safeParse(result);
  return read.success ? read.data.message : "";
}
