import { z } from "zod";
import type { Clock } from "../../../platform/clock.ts";
import type { DeviceId } from "../../../protocol/device_id.ts";
import { lookup } from "../../../protocol/profile/lookup.ts";
import { physicalColumns } from "../../../protocol/profile/physical.ts";
import type { CommandService } from "../../command/command_service.ts";
import type { Operator } from "../../command/queueing.ts";
import { Fault } from "../../fault.ts";
import { tell } from "../device_news.ts";
import type { Received } from "../message.ts";
import type { NewestSample } from "../../ingest/newest_sample.ts";
import type { Publisher } from "../publisher.ts";
import type { RateLimitedWarnings } from "../../../platform/rate_limited_warnings.ts";
import { limitedInverter, powerLimitTopic } from "../topics.ts";

export interface PowerLimitsIo {
  readonly publisher: Pick<Publisher, "put" | "retained">;
  readonly commandService: Pick<CommandService, "queue" | "cancel" | "status">;
  /** Whether a registered device has an inverter of that name. */
  readonly hasInverter: (device: string, inverter: string) => boolean;
  readonly clock: Pick<Clock, "now">;
  readonly warn: RateLimitedWarnings;
}

/** Power limits that are set from the broker, and what became of it. */
export interface PowerLimits {
  /** Queues a command. What cannot be is refused on the inverter's topic. Never rejects. */
  take(message: Received): Promise<void>;
  /** A sample was stored: it may tell the limit in force. */
  stored(newest: NewestSample): void;
  /** Looks how the commands are doing. */
  review(): Promise<void>;
}

/** A wish is for now: an inverter that wakes up later than that keeps what it has. */
const VALID_MS = 3_600_000;
const MAX_BYTES = 128;
const ENDED = ["completed", "failed", "expired", "cancelled", "refused"];

/** A whole number as Home Assistant's slider sends it. */
const NUMBER = /^\d{1,6}(\.0{1,6})?$/;
/** `revert_s`: seconds after which the limit is lifted when nobody sets it again. */
const Wish = z.strictObject({ value: z.int().min(0).max(999_999), revert_s: z.int().min(0).max(0xffff).optional() });
type Wish = Readonly<z.infer<typeof Wish>>;

/** A number, or an object with it; `undefined`: neither. */
function wishIn(text: string): Wish | undefined {
  if (NUMBER.test(text)) return { value: Number(text) };
  try {
    return Wish.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The last command for an inverter, as it is shown. */
interface Sent {
  readonly command_id?: string;
  readonly power_value?: number;
  /** A state of contract/1-link §6, or `refused`. */
  readonly status: string;
  readonly message?: string;
  /** When it came in, RFC 3339. */
  readonly time: string;
}

interface Limit {
  readonly device: DeviceId;
  readonly inverter: string;
  /** What is in force, in the unit of the register, as far as it is known. */
  readonly value?: number;
  readonly command?: Sent;
}

export function createPowerLimits(io: PowerLimitsIo): PowerLimits {
  const limits = new Map<string, Limit>();
  const show = (limit: Limit) => {
    const topic = powerLimitTopic(limit.device, limit.inverter);
    limits.set(topic, limit);
    const payload = JSON.stringify({ value: limit.value ?? null, command: limit.command ?? {} });
    tell(io, { topic, payload, retain: true });
  };
  const limitOf = (device: DeviceId, inverter: string): Limit =>
    limits.get(powerLimitTopic(device, inverter)) ?? { device, inverter };
  return {
    async take({ topic, payload, who }) {
      const target = limitedInverter(topic);
      if (!target || !io.hasInverter(target.device, target.inverter)) {
        return io.warn("mqtt power limit ignored {topic}: there is no such inverter", { topic });
      }
      const limit = limitOf(target.device, target.inverter);
      const text = payload.length > MAX_BYTES ? "" : new TextDecoder().decode(payload).trim();
      show({ ...limit, command: await send(limit, text, { name: who, role: "operator" }, io) });
    },
    stored(newest) {
      const value = limitIn(newest);
      if (value !== undefined) show({ ...limitOf(newest.device, newest.inverter), value });
    },
    async review() {
      for (const limit of limits.values()) {
        const news = await outcome(limit, io);
        if (news) show({ ...limitOf(limit.device, limit.inverter), ...news });
      }
    },
  };
}

/** The limit that a sample tells, if it is polled. */
function limitIn({ profile, registers, sample }: NewestSample): number | undefined {
  const name = profile.powerLimit === undefined ? undefined : lookup(profile, profile.powerLimit)?.name;
  const column = name === undefined ? -1 : registers.indexOf(name);
  return column < 0 ? undefined : physicalColumns(profile, registers)(sample.values)[column];
}

async function send(limit: Limit, text: string, by: Operator, io: PowerLimitsIo): Promise<Sent> {
  const { device, inverter, command } = limit;
  const now = io.clock.now();
  const time = new Date(now).toISOString();
  const wish = wishIn(text);
  if (wish === undefined) {
    const message = 'must be a whole number, or {"value": 40, "revert_s": 60}';
    return { status: "refused", message, time };
  }
  const { value: power_value, revert_s } = wish;
  try {
    await withdraw(command, by, io);
    const [queued] = await io.commandService.queue([{
      device_id: device,
      inverter,
      command_type: "set_power",
      parameters: { power_value, ...(revert_s === undefined ? {} : { revert_s }) },
      priority: 5,
      expires_at: new Date(now + VALID_MS).toISOString(),
      override_budget: false,
    }], by);
    return { ...(queued && { command_id: queued.commandId }), power_value, status: "pending", time };
  } catch (error) {
    const known = error instanceof Fault;
    io.warn("mqtt power limit refused {device} {inverter}: {reason}", {
      device,
      inverter,
      reason: known ? error.message : error,
    });
    return { power_value, status: "refused", message: known ? error.message : "it could not be queued", time };
  }
}

/** Somebody who moves a slider means its last position: what still waits is taken back. */
async function withdraw(command: Sent | undefined, by: Operator, { commandService }: PowerLimitsIo): Promise<void> {
  if (command?.command_id === undefined || command.status !== "pending") return;
  try {
    await commandService.cancel(command.command_id, by);
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // the device has it already, or it is over
  }
}

/** What has changed of the last command. */
async function outcome({ command }: Limit, { commandService }: PowerLimitsIo): Promise<Partial<Limit> | undefined> {
  if (command?.command_id === undefined || ENDED.includes(command.status)) return undefined;
  const { command: { life, errorMessage } } = await commandService.status(command.command_id);
  if (life.state === command.status) return undefined;
  const message = errorMessage === undefined ? {} : { message: errorMessage };
  const done = { ...command, status: life.state, ...message };
  const { power_value: value } = command;
  return life.state === "completed" && value !== undefined ? { command: done, value } : { command: done };
}
