import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { CommandId } from "../../protocol/command/command.ts";
import { COMMAND_STATES } from "../../protocol/command/life.ts";
import { CommandBatch, QueuedCommand } from "../../protocol/command/queue_message.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import type { CommandRecord, CommandService } from "../command/command_service.ts";
import type { StoredCommand } from "../store/command_row.ts";
import type { Access } from "./access.ts";
import { CommandView, commandView } from "./command_view.ts";
import { DeviceParam } from "./devices.ts";
import type { ApiEnv } from "./env.ts";
import { jsonRequest, takingJson } from "./json_body.ts";
import { pageOf } from "./page.ts";
import { json, PROBLEMS } from "./problem_schema.ts";

const Status = z.literal("success");

const Queued = z.object({
  command_id: z.string(),
  device_id: z.string(),
  command_type: z.string(),
  queued_time: z.string().describe("RFC 3339 UTC"),
});
const QueuedOne = Queued.extend({ status: Status, message: z.string() }).openapi("QueuedCommandAnswer");
const QueuedBatch = z.object({
  status: Status,
  message: z.string(),
  command_count: z.number().int(),
  commands: z.array(Queued).describe("In the order of the batch"),
}).openapi("QueuedBatchAnswer");

const StatusView = z.object({ status: Status, command: CommandView }).openapi("CommandStatus");
const Next = z.string().nullable().describe("For `before`; null when there are no older ones");
export const DeviceHistory = z.object({
  status: Status,
  device_id: z.string(),
  command_count: z.number().int(),
  commands: z.array(CommandView).describe("The newest first"),
  next: Next,
}).openapi("CommandHistory");
export const FullHistory = z.object({
  status: Status,
  all_devices: z.literal(true),
  command_history: z.record(z.string(), z.array(CommandView)).describe("By device, the newest first"),
  next: Next,
}).openapi("CommandHistoryOfAll");

const BudgetView = z.object({
  device_id: z.string(),
  date: z.string().describe("The UTC day that is counted"),
  writes_per_register: z.number().int().describe("Writes that one register takes in a day"),
  registers: z.array(z.object({
    inverter: z.string(),
    register_address: z.number().int(),
    writes: z.number().int().describe(
      "Queued for this day; cancelled and expired ones that no device got do not count",
    ),
    left: z.number().int(),
  })),
}).openapi("WriteBudget");

/** One command or a batch. Checked as what it looks like, so that every broken rule is named and not just that neither fits. */
const QueueBody = z.unknown().transform((value, c): CommandBatch | QueuedCommand => {
  const batch = typeof value === "object" && value !== null && "commands" in value;
  const checked = (batch ? CommandBatch : QueuedCommand).safeParse(value);
  if (checked.success) return checked.data;
  for (const { path, message } of checked.error.issues) c.addIssue({ code: "custom", path, message });
  return z.NEVER;
}).openapi({ oneOf: [{ $ref: "#/components/schemas/NewCommand" }, { $ref: "#/components/schemas/NewCommandBatch" }] });

interface CommandsApiIo {
  readonly commandService: CommandService;
}

/** `/command/*` for operators (contract/1-link §6), and `/api/v1/devices/{device_id}/write-budget`. */
export function addCommandRoutes(api: OpenAPIHono<ApiEnv>, access: Access, { commandService }: CommandsApiIo): void {
  api.openAPIRegistry.register("NewCommand", QueuedCommand);
  api.openAPIRegistry.register("NewCommandBatch", CommandBatch);
  api.openapi(queueRoute(access), async (c) => {
    const body = c.req.valid("json");
    const batch = "commands" in body;
    const queued = await commandService.queue(batch ? body.commands : [body], c.get("token"));
    return c.json(batch ? batchView(queued) : oneView(queued), 200);
  });
  api.openapi(cancelRoute(access), async (c) => {
    const { command_id, device_id } = c.req.valid("json");
    return c.json(statusView(await commandService.cancel(command_id, c.get("token"), device_id)), 200);
  });
  api.openapi(statusRoute(access), async (c) => {
    return c.json(statusView(await commandService.status(c.req.valid("query").command_id)), 200);
  });
  api.openapi(historyRoute(access), async (c) => {
    const { device_id, status: state, before, limit } = c.req.valid("query");
    const found = await commandService.history({ deviceId: device_id, state, before, limit: limit + 1 });
    const { items, next } = pageOf(found, limit, ({ command }) => command.commandId);
    const commands = items.map(commandView);
    if (device_id !== undefined) {
      return c.json({ status: "success", device_id, command_count: commands.length, commands, next } as const, 200);
    }
    const command_history = Object.fromEntries(Map.groupBy(commands, (command) => command.device_id));
    return c.json({ status: "success", all_devices: true, command_history, next } as const, 200);
  });
  api.openapi(budgetRoute(access), (c) => {
    const { device_id } = c.req.valid("param");
    const { day, limit, used } = commandService.writeBudget(device_id);
    const registers = used.map(({ inverter, address, writes }) => ({
      inverter,
      register_address: address,
      writes,
      left: Math.max(0, limit - writes),
    }));
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
    return c.json({ device_id, date, writes_per_register: limit, registers }, 200);
  });
}

function queuedView({ commandId, deviceId, content, queuedAt }: StoredCommand): z.infer<typeof Queued> {
  return {
    command_id: commandId,
    device_id: deviceId,
    command_type: content.command_type,
    queued_time: new Date(queuedAt).toISOString(),
  };
}

function oneView(queued: readonly StoredCommand[]): z.infer<typeof QueuedOne> {
  const [command] = queued;
  if (!command) throw new Error("Cannot answer for a command: nothing was queued");
  return { status: "success", message: "Command queued", ...queuedView(command) };
}

function batchView(queued: readonly StoredCommand[]): z.infer<typeof QueuedBatch> {
  const message = `${queued.length} commands queued`;
  return { status: "success", message, command_count: queued.length, commands: queued.map(queuedView) };
}

function statusView(record: CommandRecord): z.infer<typeof StatusView> {
  return { status: "success", command: commandView(record) };
}

const tags = ["commands"];

function queueRoute(access: Access) {
  return createRoute({
    method: "post",
    path: "/command/queue",
    tags,
    summary: "Queues a command, or a batch of which all or none are queued",
    ...takingJson(access("operator")),
    request: { body: jsonRequest(QueueBody) },
    responses: { 200: json(z.union([QueuedOne, QueuedBatch]), "Queued"), ...PROBLEMS },
  });
}

function cancelRoute(access: Access) {
  const body = z.strictObject({ command_id: CommandId, device_id: DeviceId.optional() }).openapi("CommandCancel");
  return createRoute({
    method: "post",
    path: "/command/cancel",
    tags,
    summary: "Cancels a command that the device has not got, or did not report while its lease ran",
    ...takingJson(access("operator")),
    request: { body: jsonRequest(body) },
    responses: { 200: json(StatusView, "Cancelled"), ...PROBLEMS },
  });
}

function statusRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/command/status",
    tags,
    summary: "One command, with everything that happened to it",
    ...access("viewer"),
    request: { query: z.object({ command_id: CommandId }) },
    responses: { 200: json(StatusView, "The command"), ...PROBLEMS },
  });
}

function historyRoute(access: Access) {
  const query = z.object({
    device_id: DeviceId.optional().describe("All devices when left out"),
    status: z.enum(COMMAND_STATES).optional().describe("Only commands in this state"),
    before: CommandId.optional().describe("Go on before this command: `next` of the page before"),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  });
  return createRoute({
    method: "get",
    path: "/command/history",
    tags,
    summary: "The newest commands of a device, or of all",
    ...access("viewer"),
    request: { query },
    responses: { 200: json(z.union([DeviceHistory, FullHistory]), "The history"), ...PROBLEMS },
  });
}

function budgetRoute(access: Access) {
  return createRoute({
    method: "get",
    path: "/api/v1/devices/{device_id}/write-budget",
    tags,
    summary: "How often commands write each register today: the flash of inverters wears out",
    ...access("viewer"),
    request: { params: DeviceParam },
    responses: { 200: json(BudgetView, "The budget"), ...PROBLEMS },
  });
}
