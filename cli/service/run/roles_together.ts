import type { Logger } from "@logtape/logtape";
import { backoffMs } from "../../../platform/backoff.ts";
import type { Clock } from "../../../platform/clock.ts";
import { ALIVE } from "../../../platform/liveness.ts";
import { RateLimitedLog } from "../../../platform/rate_limited_log.ts";
import { aborted } from "../../terminal/signals.ts";
import type { Part } from "./service.ts";

/** Pauses between two attempts to start a role, milliseconds. */
const PAUSE = { firstMs: 5_000, longestMs: 60_000 } as const;

/** A role of the configuration. */
export interface Role {
  readonly name: string;
  /** Starts it. Rejects, with everything undone, when its files, its port or its key cannot be used. */
  open(): Promise<OpenRole>;
}

/** A role that runs until it is disposed of. */
export interface OpenRole extends Omit<Part, "name">, AsyncDisposable {
  /** Only of one that began with a disk that took no writes: resolves when it has to be started anew, as the disk takes them. */
  readonly writable?: Promise<void>;
}

/** A gateway or a node that was started, as a role. `ended`: called before it is disposed of. */
export function openRole(
  running: AsyncDisposable & Pick<OpenRole, "writable">,
  part: Omit<Part, "name">,
  ended: () => void = () => {},
): OpenRole {
  const { writable } = running;
  const dispose = async () => {
    ended();
    await running[Symbol.asyncDispose]();
  };
  return { ...part, ...(writable && { writable }), [Symbol.asyncDispose]: dispose };
}

interface TogetherIo {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether every role has to start now: a program on trial proves itself with all of them. */
  readonly atOnce: boolean;
}

/** The roles of one process. */
interface Together extends AsyncDisposable {
  /** One for each role, also for one that could not start yet. */
  readonly parts: readonly Part[];
}

/**
 * Starts the roles of a process. One that cannot start does not keep the others from their work: it is tried again until it
 * can. Rejects with the first one's reason when none starts, or when all have to.
 */
export async function startTogether(roles: readonly Role[], io: TogetherIo): Promise<Together> {
  await using starting = new AsyncDisposableStack();
  const starts = roles.map((role) => new Start(role, io));
  for (const start of starts) {
    starting.use(start);
    await start.attempt();
    if (io.atOnce) start.require();
  }
  if (!starts.some((start) => start.runs)) starts[0]?.require();
  for (const start of starts) start.keepTrying();
  const started = starting.move();
  return { parts: starts.map((start) => start.part), [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** The start of one role, however often it takes. */
class Start implements AsyncDisposable {
  readonly #role: Role;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #trouble: RateLimitedLog;
  readonly #stop = new AbortController();
  #open: OpenRole | undefined;
  #refused: unknown;
  #trying: Promise<void> = Promise.resolve();

  constructor(role: Role, { clock, log }: TogetherIo) {
    this.#role = role;
    this.#clock = clock;
    this.#log = log;
    this.#trouble = new RateLimitedLog(log, clock);
  }

  get runs(): boolean {
    return this.#open !== undefined;
  }

  /** A role that does not run is no death: to start the process anew would end the others, and help nothing. */
  get part(): Part {
    const { name } = this.#role;
    return {
      name,
      alive: () => this.#open?.alive() ?? ALIVE,
      summary: () => this.#open?.summary() ?? `the ${name} cannot start: ${reasonOf(this.#refused)}`,
    };
  }

  async attempt(): Promise<void> {
    try {
      this.#open = await this.#role.open();
    } catch (error) {
      this.#refused = error;
    }
  }

  /** Throws why it does not run. */
  require(): void {
    if (!this.runs) throw this.#refused;
  }

  keepTrying(): void {
    this.#trying = this.#keep();
  }

  async #keep(): Promise<void> {
    const stopped = aborted(this.#stop.signal);
    await this.#tryUntilOpen();
    while (this.#open?.writable !== undefined) {
      await Promise.race([this.#open.writable, stopped]);
      if (this.#stop.signal.aborted) return;
      await this.#startAnew(this.#open);
      await this.#tryUntilOpen();
    }
  }

  async #startAnew(open: OpenRole): Promise<void> {
    this.#log.info("the disk takes writes again: the {role} is started anew", { role: this.#role.name });
    this.#open = undefined;
    this.#refused = new Error("it is started anew");
    await open[Symbol.asyncDispose]();
    await this.attempt();
  }

  async #tryUntilOpen(): Promise<void> {
    const { name } = this.#role;
    for (let failures = 1; !this.runs; failures++) {
      const reason = reasonOf(this.#refused);
      this.#trouble.happened("the {role} cannot start, and is tried again: {reason}", { role: name, reason }, "error");
      await this.#clock.sleep(backoffMs(PAUSE, failures), this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      await this.attempt();
    }
    this.#trouble.ended(`the ${name} runs`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#trying;
    await this.#open?.[Symbol.asyncDispose]();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
