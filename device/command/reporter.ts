import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import { CommandReportAnswer } from "../../protocol/command/device_messages.ts";
import { gatewayPauseMs } from "../uplink/pause.ts";
import type { Notifier } from "../uplink/notifier.ts";
import type { Poster } from "../uplink/exchange.ts";
import { replyOf } from "../uplink/reply.ts";
import type { CommandJournal } from "./journal.ts";

interface ReporterIo {
  readonly journal: Pick<CommandJournal, "unreported" | "acknowledge">;
  readonly gateway: Poster;
  /** Rings when there is a report, or a reason to believe that the gateway is back. */
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly random: Pick<Random, "float">;
  readonly log: Logger;
}

/** Reports what commands came to, oldest first, each until the gateway has it. Runs until the signal aborts. */
export async function keepReporting(io: ReporterIo, signal: AbortSignal): Promise<void> {
  let failures = 0;
  const disk = new RateLimitedLog(io.log, io.clock);
  while (!signal.aborted) {
    const pause = await reportOne(io, disk, signal);
    if (pause === "idle") await io.notifier.wait(signal);
    failures = typeof pause === "number" ? failures + 1 : 0;
    if (typeof pause === "number") await rest(Math.max(pause, gatewayPauseMs(failures, io.random.float())), io, signal);
  }
}

/** One request. `idle`: nothing to report; `next`: look for more; a number: it failed, try again not before so many ms. */
async function reportOne(io: ReporterIo, disk: RateLimitedLog, signal: AbortSignal): Promise<"idle" | "next" | number> {
  try {
    const report = io.journal.unreported();
    disk.ended("reports can be read again");
    if (!report) return "idle";
    const reply = replyOf(await io.gateway.post("/command/report", report, signal), CommandReportAnswer);
    switch (reply.kind) {
      case "ok":
        io.journal.acknowledge(report.command_id);
        return "next";
      case "refused":
        io.log.warn("report of command {command} refused: {reason}", {
          command: report.command_id,
          reason: reply.reason,
        });
        io.journal.acknowledge(report.command_id);
        return "next";
      case "unsupported":
        return 0;
      case "later":
        return reply.waitMs;
      default:
        return reply satisfies never;
    }
  } catch (error) {
    disk.happened("reports cannot be read or acknowledged: {error}", { error }, "error"); // it may come back
    return 0;
  }
}

/** Sleeps, unless the notifier rings. */
async function rest(ms: number, { clock, notifier }: ReporterIo, signal: AbortSignal): Promise<void> {
  const rested = new AbortController();
  const either = AbortSignal.any([signal, rested.signal]);
  await Promise.race([clock.sleep(ms, either), notifier.wait(either)]);
  rested.abort();
}
