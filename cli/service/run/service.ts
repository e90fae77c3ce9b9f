import type { Logger } from "@logtape/logtape";
import { type Clock, systemClock } from "../../../platform/clock.ts";
import { within } from "../../../platform/deadline.ts";
import { ALIVE, dead, type Liveness } from "../../../platform/liveness.ts";
import { type ServiceManager, serviceManager } from "../../../platform/service_notify.ts";
import { aborted } from "../../terminal/signals.ts";

/** Longest pause between two looks at the parts, milliseconds. */
const LOOK_MS = 10_000;
/** Pause between two looks while something stands still: it is fed again as soon as it moves. */
const SICK_LOOK_MS = 1_000;
/** How long the opening of a large store may take, milliseconds: systemd's own patience is less. */
const START_MS = 300_000;

/** A role that runs. */
export interface Part {
  readonly name: string;
  /** Whether it does its work. May never settle: that is no. */
  alive(): Liveness | Promise<Liveness>;
  /** How it is doing, in a few words. */
  summary(): string;
}

/** What a service stands on. */
interface ServiceIo {
  readonly log: Logger;
  readonly clock: Clock;
  /** Whoever started this process; `undefined`: a shell, to which there is nothing to tell. */
  readonly manager: ServiceManager | undefined;
}

/** A program that runs until it is stopped. */
interface Service {
  /**
   * Says that all parts work now, and, while they do, feeds the watchdog, until `signal` aborts (its reason, if a text, is
   * why). What is left to do then is to stop the parts.
   */
  serve(parts: readonly Part[], signal: AbortSignal): Promise<void>;
}

/** The service that this process is, as systemd or a shell started it. Call it before the parts are opened. */
export function startService(log: Logger): Service {
  return openService({ log, clock: systemClock, manager: serviceManager((name) => Deno.env.get(name)) });
}

/** A service on the given clock and manager. */
export function openService({ log, clock, manager }: ServiceIo): Service {
  manager?.tell({ status: "starting", extendTimeoutMs: START_MS });
  return {
    async serve(parts, signal) {
      if (manager === undefined) return await aborted(signal);
      await keepTelling(parts, { log, clock, manager }, signal);
      const { reason } = signal;
      manager.tell({ stopping: true, status: typeof reason === "string" ? `stopping: ${reason}` : "stopping" });
    },
  };
}

type Told = ServiceIo & { readonly manager: ServiceManager };

async function keepTelling(parts: readonly Part[], { log, clock, manager }: Told, signal: AbortSignal): Promise<void> {
  const lookMs = Math.min(LOOK_MS, (manager.watchdogMs ?? Infinity) / 2);
  for (let ready = false, sick = ""; !signal.aborted;) {
    ready ||= manager.tell({ ready: true });
    const liveness = await together(parts, lookMs / 2, { clock, signal });
    if (signal.aborted) return;
    const why = liveness.alive ? "" : liveness.why;
    if (why !== "" && sick === "") log.error("not alive, so the watchdog is not fed: {why}", { why });
    if (why === "" && sick !== "") log.info("alive again", {});
    sick = why;
    const summary = parts.map((part) => part.summary()).join("; ");
    manager.tell(liveness.alive ? { watchdog: true, status: summary } : { status: `not alive: ${why}` });
    await clock.sleep(liveness.alive ? lookMs : Math.min(lookMs, SICK_LOOK_MS), signal);
  }
}

/** The first part that is not alive, or that does not say within `ms` that it is. */
async function together(
  parts: readonly Part[],
  ms: number,
  io: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Liveness> {
  const asked = parts.map(async (part) =>
    await within(ms, Promise.resolve(part.alive()), io) ?? dead(`the ${part.name} does not answer`)
  );
  return (await Promise.all(asked)).find(({ alive }) => !alive) ?? ALIVE;
}
