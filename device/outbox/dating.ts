import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { EARLIEST_MS } from "./lost_times.ts";
import type { Outbox } from "./outbox.ts";

/** A clock that is further from where the run before left it was set meanwhile. */
const SET_MS = 60_000;

/** A start of the machine. */
export interface MachineStart {
  /** Names it. */
  readonly boot: string;
  /** When it was, by the clock that dated the samples taken since, unix milliseconds: they are wrong by as much as this. */
  readonly startedMs: number;
  /** The first block of samples taken since. */
  readonly firstBlock: number;
}

/** Keeps the newest start of the machine over those of the node. */
export interface MachineStarts {
  load(): MachineStart | undefined;
  /** Throws when the disk refuses. */
  keep(start: MachineStart): void;
}

interface DatingIo {
  readonly outbox: Outbox;
  readonly starts: MachineStarts;
  /** The stored one, if the machine was not started again since. */
  readonly known: MachineStart | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps right when the samples that wait were taken, whenever the clock turns out to have been wrong. */
interface Dating {
  /** The clock was wrong by so many milliseconds. Never throws. */
  moved(ms: number): void;
  /** The time is known now: what an earlier start of the machine left without one gets the likeliest. Never throws. */
  known(): void;
}

/** The start of the machine in which samples of a run before were taken, if it is still the same. */
export function sameStart(starts: MachineStarts, clock: Pick<Clock, "boot">): MachineStart | undefined {
  const known = starts.load();
  return known !== undefined && known.boot === clock.boot?.() ? known : undefined;
}

/**
 * Dates anew at once what a run before left, if the clock was set while no node ran. Where the machine does not tell its
 * starts, this run's samples are all that can be dated anew.
 */
export function createDating({ outbox, starts, known, clock, log }: DatingIo): Dating {
  const boot = clock.boot?.(), uptime = clock.uptime?.();
  if (boot === undefined || uptime === undefined) return { moved: (ms) => void outbox.redate(ms), known: () => {} };
  const startedMs = clock.now() - uptime;
  let start = known ?? { boot, startedMs, firstBlock: outbox.firstToDate };
  const moved = (ms: number) => {
    const next = { ...start, startedMs: start.startedMs + ms };
    if (outbox.redate(ms, () => starts.keep(next))) start = next;
  };
  if (Math.abs(startedMs - start.startedMs) > SET_MS) moved(startedMs - start.startedMs);
  else if (!known) moved(0); // writes it down
  return {
    moved,
    known() {
      if (start.startedMs < EARLIEST_MS) return; // nobody knows the time yet
      const samples = outbox.dateLost(start.startedMs);
      const text = "samples of before the machine's start had no right time: dated as if it had been off for no time";
      if (samples > 0) log.warn(`{samples} ${text}`, { samples });
    },
  };
}
