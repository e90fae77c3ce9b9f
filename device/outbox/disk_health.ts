import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { OutboxStatus } from "./outbox_status.ts";

/** Whether the disk takes samples, for the log and the status. */
export class DiskHealth {
  readonly #log: RateLimitedLog;
  #fault: string | undefined;
  #faults = 0;

  constructor(log: Logger, clock: Pick<Clock, "monotonic">) {
    this.#log = new RateLimitedLog(log, clock);
  }

  refused(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#log.happened("disk refuses samples: {message}", { message }, "error");
    this.#fault = message;
    this.#faults++;
  }

  took(): void {
    this.#log.ended("disk takes samples again");
    this.#fault = undefined;
  }

  status(): Pick<OutboxStatus, "diskFault" | "diskFaults"> {
    return { diskFaults: this.#faults, ...(this.#fault === undefined ? {} : { diskFault: this.#fault }) };
  }
}
