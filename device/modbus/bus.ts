import type { BusCounters, UnitState } from "./counters.ts";
import type { BusOutcome } from "./fault.ts";
import type { Quirk } from "./quirks.ts";
import type { LineTiming } from "./line_timing.ts";

/** How one request is treated. Defaults come from the bus. */
export interface RequestOptions {
  /** Gives up waiting; the fault is `aborted`. What was already sent runs to its end. */
  readonly signal?: AbortSignal;
  /** Milliseconds an answer may take after the request is out. */
  readonly timeoutMs?: number;
  /** Further attempts after a timeout or damaged answer. */
  readonly retries?: number;
  /** Silence is no surprise, as nothing may be there: it does not count towards leaving the unit alone, only what it cost. */
  readonly mayBeSilent?: boolean;
  /** Goes out although the unit is left alone for its silence: after a write that is to be expected. */
  readonly insist?: boolean;
  /** `write` goes before all waiting polls. Reads default to `poll`, writes to `write`. */
  readonly priority?: "write" | "poll";
}

/**
 * One line with inverters on it: a serial port or a TCP endpoint. Requests go out one at a time. Nothing rejects:
 * every way to fail is a `BusFault`. Units 0 to 255; addresses zero-based; words 0 to 65535.
 */
export interface Bus extends AsyncDisposable {
  /** Names the line in messages and metrics: "/dev/serial/by-id/…", "192.168.1.20:502". */
  readonly name: string;
  readonly timing: LineTiming;
  /** Reads `count` (1 to 125) words: function 3 for `holding`, 4 for `input`. */
  read(
    unit: number,
    table: "holding" | "input",
    address: number,
    count: number,
    options?: RequestOptions,
  ): Promise<BusOutcome<readonly number[]>>;
  /** Reads `count` (1 to 2000) bits: function 1 for `coils`, 2 for `discrete`. */
  readBits(
    unit: number,
    table: "coils" | "discrete",
    address: number,
    count: number,
    options?: RequestOptions,
  ): Promise<BusOutcome<readonly boolean[]>>;
  /** Writes 1 to 123 holding registers: function 6 for one, 16 for more, unless `function` says 16. Unit 0: broadcast. */
  write(
    unit: number,
    address: number,
    values: readonly number[],
    options?: RequestOptions & { readonly function?: 6 | 16 },
  ): Promise<BusOutcome<void>>;
  /** Writes 1 to 1968 coils: function 5 for one, 15 for more, unless `function` says 15. Unit 0: broadcast. */
  writeBits(
    unit: number,
    address: number,
    bits: readonly boolean[],
    options?: RequestOptions & { readonly function?: 5 | 15 },
  ): Promise<BusOutcome<void>>;
  /** How a unit is doing, without asking it. */
  state(unit: number): UnitState;
  /** What its devices were seen to do against the protocol, and is tolerated: named as the options that say so. */
  quirks(): readonly Quirk[];
  /** Units that were ever asked, with their counters. */
  units(): readonly number[];
  counters(): Readonly<BusCounters>;
}
