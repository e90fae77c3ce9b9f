import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { TimeLimit } from "../../platform/deadline.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import { SerialQueue } from "../../platform/serial_queue.ts";
import type { Random } from "../../platform/random.ts";
import { DEFAULT_WRITES_PER_DAY } from "../../protocol/command/budget.ts";
import {
  CommandGetAnswer,
  type CommandReport,
  type CommandResult,
  type HandedCommand,
  type ReadBack,
} from "../../protocol/command/device_messages.ts";
import type { DeviceId } from "../../protocol/device_id.ts";
import type { GatewayReply } from "../../protocol/gateway_reply.ts";
import { gatewayPauseMs } from "../uplink/pause.ts";
import { Notifier } from "../uplink/notifier.ts";
import type { Poster } from "../uplink/exchange.ts";
import { replyOf } from "../uplink/reply.ts";
import { execute } from "./executor.ts";
import type { Execution } from "./execution.ts";
import type { CommandJournal, Interrupted } from "./journal.ts";
import { LeaseKeeper } from "./lease_keeper.ts";
import { recover } from "./recovery.ts";
import { textOf } from "./register_values.ts";
import { keepReporting } from "./reporter.ts";
import type { CommandTarget } from "./target.ts";

/** Seconds that the gateway may hold a request until there is something to do. */
const WAIT_S = 25;
/** Shortest time between two requests that brought nothing new. */
const IDLE_MS = 1000;
/** Pause where the gateway knows no commands, about. */
const UNSUPPORTED_MS = 300_000;
/** Most commands that are named to the gateway as being here. */
const MAX_NAMED = 256;

/** What the commandRunner stands on. */
interface CommandRunnerIo {
  readonly device: DeviceId;
  /** By their names in the configuration. */
  readonly inverters: ReadonlyMap<string, CommandTarget>;
  readonly journal: CommandJournal;
  readonly gateway: Poster;
  readonly clock: Clock;
  readonly random: Pick<Random, "float">;
  readonly log: Logger;
}

/** How commands are doing. Times in unix milliseconds. */
export interface CommandRunnerStatus {
  /** Since the start of the node. */
  readonly completed: number;
  readonly failed: number;
  readonly expired: number;
  /** Reports that the gateway does not have yet. */
  readonly unreported: number;
  readonly failuresInRow: number;
  readonly lastOkAt?: number;
  readonly lastError?: string;
}

/** Fetches commands from the gateway, has them executed in order, and reports what they came to. */
export class CommandRunner {
  readonly #io: CommandRunnerIo;
  readonly #notifier = new Notifier();
  readonly #trouble: RateLimitedLog;
  /** One order at a time goes to the inverters. */
  readonly #orders = new SerialQueue();
  readonly #leases: LeaseKeeper;
  readonly #counts = { completed: 0, failed: 0, expired: 0 };
  #failures = 0;
  #resting = false;
  #executing: Promise<void> = Promise.resolve();
  /** Whether what happens now is the gateway's own word, or ours. */
  #heard = true;
  #lastOkAt: number | undefined;
  #lastError: string | undefined;

  constructor(io: CommandRunnerIo) {
    this.#io = io;
    this.#trouble = new RateLimitedLog(io.log, io.clock);
    this.#leases = new LeaseKeeper({ ...io, orders: this.#orders });
  }

  /** Works until the signal aborts; what was begun is found in the journal then. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#fetchAll(signal),
      this.#leases.run(signal),
      keepReporting({ ...this.#io, notifier: this.#notifier }, signal),
    ]);
  }

  /** Begins no more commands; resolves when the one under way has ended. What was not begun is handed out again. */
  async rest(): Promise<void> {
    this.#resting = true;
    await this.#executing;
  }

  status(): CommandRunnerStatus {
    return {
      ...this.#counts,
      unreported: this.#io.journal.holding().length,
      failuresInRow: this.#failures,
      ...(this.#lastOkAt === undefined ? {} : { lastOkAt: this.#lastOkAt }),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** What was interrupted comes first: it is older than anything that may be fetched. */
  async #fetchAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause = await this.#step(signal);
      if (pause > 0) await this.#io.clock.sleep(pause, signal);
    }
  }

  /** One request and what it brings. How many milliseconds to pause after it. */
  async #step(signal: AbortSignal): Promise<number> {
    this.#heard = true;
    try {
      for (const interrupted of this.#io.journal.interrupted()) {
        if (this.#resting) return IDLE_MS;
        await this.#during(interrupted.id, () => this.#recover(interrupted, signal));
        if (signal.aborted) return 0;
      }
      if (this.#resting) return IDLE_MS;
      const { device, journal, gateway, clock } = this.#io;
      const message = { device_id: device, wait_s: WAIT_S, holding: journal.holding().slice(0, MAX_NAMED) };
      const askedAt = clock.monotonic();
      const exchange = await gateway.post("/command/get", message, signal);
      this.#heard = exchange.kind === "answer";
      const reply = replyOf(exchange, CommandGetAnswer);
      return signal.aborted ? 0 : await this.#act(reply, askedAt, signal);
    } catch (error) {
      // The disk: no sequence number, or no record in the journal. It may come back.
      return this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  async #act(reply: GatewayReply<CommandGetAnswer>, askedAt: number, signal: AbortSignal): Promise<number> {
    switch (reply.kind) {
      case "ok":
        this.#reached();
        if (await this.#executeAll(reply.value, askedAt, signal)) return 0;
        return Math.max(0, askedAt + IDLE_MS - this.#io.clock.monotonic());
      case "unsupported":
        this.#failed(reply.reason);
        return UNSUPPORTED_MS * (1 + this.#io.random.float()) / 2;
      case "refused":
        return this.#failed(reply.reason);
      case "later":
        return Math.max(reply.waitMs, this.#failed(reply.reason));
      default:
        return reply satisfies never;
    }
  }

  /** Whether any of the commands was new. */
  async #executeAll(answer: CommandGetAnswer, askedAt: number, signal: AbortSignal): Promise<boolean> {
    const writesPerDay = answer.write_budget ?? DEFAULT_WRITES_PER_DAY;
    // The gateway counted from its answer, which came no earlier than this: so a slow answer cannot lengthen a life.
    const answeredAt = askedAt + (answer.waited_ms ?? 0);
    let fresh = false;
    for (const command of answer.commands) {
      if (signal.aborted || this.#resting) return fresh;
      if (this.#io.journal.repeat(command.command_id)) {
        this.#notifier.ring();
        continue;
      }
      fresh = true;
      using deadline = new TimeLimit(this.#io.clock, answeredAt + lifeMs(command, this.#io.clock));
      const order = { command, deadline, writesPerDay };
      await this.#during(command.command_id, () => execute(order, { ...this.#io, leases: this.#leases }, signal));
    }
    return fresh;
  }

  /** What is found to be in force as it was ordered takes the place of what was ordered before. */
  async #recover(interrupted: Interrupted, signal: AbortSignal): Promise<Execution> {
    const { id, inverter, writes } = interrupted;
    const found = await recover(interrupted, this.#io, signal);
    if (found.kind === "completed") this.#leases.superseded(id, inverter, writes.map(({ address }) => address));
    return found;
  }

  /** Executes one command to its end and records what it came to. */
  async #during(id: string, work: () => Promise<Execution>): Promise<void> {
    const started = this.#io.clock.monotonic();
    const ended = Promise.withResolvers<void>();
    this.#executing = ended.promise;
    try {
      this.#finish(id, await this.#orders.run(work), started);
    } finally {
      ended.resolve();
    }
  }

  #finish(id: string, execution: Execution, started: number): void {
    if (execution.kind === "stopped") return;
    const elapsed = Math.max(0, Math.round(this.#io.clock.monotonic() - started));
    this.#io.journal.finish({ ...reportOf(id, this.#io.device, execution), execution_time_ms: elapsed });
    this.#counts[execution.kind]++;
    this.#notifier.ring();
    const detail = execution.kind === "failed" ? execution.message : undefined;
    this.#io.log.info("command {command} {outcome}", { command: id, outcome: execution.kind, detail, ms: elapsed });
  }

  #reached(): void {
    this.#trouble.ended("gateway hands out commands again");
    this.#failures = 0;
    this.#lastOkAt = this.#io.clock.now();
    this.#lastError = undefined;
    this.#notifier.ring(); // what could not be reported while it was away can be now
  }

  #failed(reason: string): number {
    this.#failures++;
    // What is no answer of the gateway is logged for all who ask (uplink/gateway_log.ts).
    if (this.#heard) this.#trouble.happened("no commands can be had: {reason}", { reason });
    this.#lastError = reason;
    return gatewayPauseMs(this.#failures, this.#io.random.float());
  }
}

/** Milliseconds from the answer until the command expires. An absolute time alone has to be judged by the wall clock. */
function lifeMs({ expires_in_ms, expires_at_ms }: HandedCommand, clock: Clock): number {
  return expires_in_ms ?? (expires_at_ms === undefined ? Infinity : expires_at_ms - clock.now());
}

function reportOf(id: string, device: DeviceId, execution: Exclude<Execution, { kind: "stopped" }>): CommandReport {
  const common = { device_id: device, command_id: id, status: execution.kind };
  switch (execution.kind) {
    case "completed":
      return { ...common, result: resultOf(execution.registers, execution.notes) };
    case "failed":
      return { ...common, result: resultOf(execution.registers), error_message: execution.message.slice(0, 1000) };
    case "expired":
      return { ...common, error_message: "it had expired before it could be executed" };
    default:
      return execution satisfies never;
  }
}

function resultOf(registers: readonly ReadBack[], notes: readonly string[] = []): CommandResult {
  const message = [registers.map(textOf).join(", "), ...notes].join("; ");
  return { message: message.slice(0, 500), registers: [...registers] };
}
