import type { Clock } from "../../platform/clock.ts";
import type { TimeLimit } from "../../platform/deadline.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import type { JournalWrite } from "./journal.ts";
import type { CommandTarget } from "./target.ts";

/** Requests for one register: sent again only after reading back showed that the one before had no effect. */
const ATTEMPTS = 3;
/** So long, ms, the old value has to be read after an unanswered request before that is taken for lost. */
const LOST_MS = 750;
/** Pauses between two looks at a register, ms: they double. */
const PAUSE_MS = { first: 250, longest: 1000 } as const;
/** So long, ms, an inverter is waited for in which something is half done. */
export const HALF_DONE_MS = 60_000;

/** What writing one register came to. `words`: what it holds now, where that could be read. */
export type Written =
  /** `rounded`: it holds what the inverter made of it. */
  | { readonly kind: "in_force"; readonly words: readonly number[]; readonly rounded: boolean }
  /** The inverter does not take it; `changed`: it holds neither that nor what it held before. */
  | {
    readonly kind: "not_taken";
    readonly message: string;
    readonly words?: readonly number[];
    readonly changed: boolean;
  }
  | { readonly kind: "unknown"; readonly message: string }
  /** The deadline came before the request went out: there was no effect. */
  | { readonly kind: "expired" }
  /** The node stops. What is true is found out when it starts again. */
  | { readonly kind: "stopped" };

/** What reading a register back came to. */
type Held =
  | { readonly kind: "as_written" | "rounded" | "otherwise"; readonly words: readonly number[] }
  /** `refused`: the inverter does not show it. */
  | { readonly kind: "unreadable"; readonly message: string; readonly refused: boolean }
  | { readonly kind: "stopped" };

/** What was read of a register. */
type Looked = Exclude<Held, { kind: "stopped" | "as_written" }>;

export interface WriteIo {
  readonly target: CommandTarget;
  readonly clock: Clock;
  /** The node stops. */
  readonly signal: AbortSignal;
  /** No request goes out any more. Left out where a half-done effect has to be completed. */
  readonly deadline?: TimeLimit;
  /** Others belong to it: when it is not known what it did, the inverter is waited for longer. */
  readonly part?: boolean;
}

/** Writes one register and reads it back until it is known whether that took effect. */
export async function writeStep(write: JournalWrite, io: WriteIo): Promise<Written> {
  const { target, deadline } = io;
  const signal = deadline ? AbortSignal.any([io.signal, deadline.signal]) : io.signal;
  for (let attempt = 1;; attempt++) {
    if (deadline?.passed) return { kind: "expired" };
    const sent = await target.writeRegisters(write.address, write.words, { signal, retries: 0, insist: !deadline });
    const effect = effectOf(sent);
    if (effect === "none" && !sent.ok) return { kind: "not_taken", message: sent.fault.message, changed: false };
    const again = effect === "open" && attempt < ATTEMPTS;
    const held = await readBack(write, io, patienceOf(io, again));
    if (held.kind !== "otherwise" || !again || io.signal.aborted) return writtenOf(write, sent, held);
  }
}

/** Whether to look once more, at what was read `ms` after the first look. */
type Patience = (looked: Looked, ms: number) => boolean;

/** Until the inverter has had its time; where it may not have heard the request, only until that is clear. */
function patienceOf({ target, part }: WriteIo, again: boolean): Patience {
  return (looked, ms) => {
    if (looked.kind === "rounded") return false;
    if (looked.kind === "unreadable") {
      if (looked.refused) return ms < LOST_MS;
      return target.unsettledMs() > 0 || (part === true && ms < HALF_DONE_MS);
    }
    return again ? ms < LOST_MS : target.unsettledMs() > 0;
  };
}

function writtenOf(write: JournalWrite, sent: BusOutcome<void>, held: Held): Written {
  switch (held.kind) {
    case "stopped":
      return held;
    case "as_written":
    case "rounded":
      return { kind: "in_force", words: held.words, rounded: held.kind === "rounded" };
    case "unreadable":
      return { kind: "unknown", message: `unknown whether it took effect: ${held.message}` };
    case "otherwise": {
      const { words } = held;
      const message = sent.ok ? notTaken(write, words) : `${sent.fault.message}; it holds ${words.join(" ")}`;
      return { kind: "not_taken", message, words, changed: !same(words, write.before ?? words) };
    }
    default:
      return held satisfies never;
  }
}

/** Reads a register until it holds what was written, or patience ends. Silence after a write is no surprise. */
export async function readBack(
  write: JournalWrite,
  io: Pick<WriteIo, "target" | "clock" | "signal">,
  patience: Patience,
): Promise<Held> {
  const started = io.clock.monotonic();
  const options = { signal: io.signal, priority: "write", insist: true, mayBeSilent: true } as const;
  for (let pauseMs: number = PAUSE_MS.first;; pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest)) {
    const answer = await io.target.readRegisters(write.address, write.words.length, options);
    if (io.signal.aborted) return { kind: "stopped" };
    const held = heldOf(write, answer);
    if (held.kind === "as_written" || !patience(held, io.clock.monotonic() - started)) return settled(write, held);
    await io.clock.sleep(pauseMs, io.signal);
  }
}

function heldOf(write: JournalWrite, answer: BusOutcome<readonly number[]>): Looked | Held & { kind: "as_written" } {
  if (!answer.ok) {
    const refused = answer.fault.kind === "exception" && answer.fault.code <= 3;
    return { kind: "unreadable", message: answer.fault.message, refused };
  }
  const words = answer.value;
  if (isInForce(write, words)) return { kind: "as_written", words };
  const rounded = isNear(write, words) && write.before !== undefined && !same(words, write.before);
  return { kind: rounded ? "rounded" : "otherwise", words };
}

/** What stays near to what was written is that, rounded, also where it held the same before. */
function settled(write: JournalWrite, held: Exclude<Held, { kind: "stopped" }>): Held {
  return held.kind === "otherwise" && isNear(write, held.words) ? { ...held, kind: "rounded" } : held;
}

/** SunSpec models 123 and 704: seconds after which a limit ends by itself. */
export function isRevertTime({ register }: JournalWrite): boolean {
  return register.endsWith("RvrtTms");
}

/** A timer that runs down may already show less than was written. */
function isInForce(write: JournalWrite, held: readonly number[]): boolean {
  if (same(held, write.words)) return true;
  const seconds = numberOf(held);
  return isRevertTime(write) && held.length === write.words.length && seconds > 0 && seconds < numberOf(write.words);
}

function numberOf(words: readonly number[]): number {
  return words.reduce((number, word) => number * 0x1_0000 + word, 0);
}

/** Whether what is held is what was written, in the inverter's own steps. */
function isNear({ words, rounding = 0 }: JournalWrite, held: readonly number[]): boolean {
  return held.length === 1 && words.length === 1 && Math.abs((held[0] ?? 0) - (words[0] ?? 0)) <= rounding;
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((word, i) => word === other[i]);
}

/**
 * What a request may have done. `none`: the device refused, was busy, or nothing was sent to it. `taken`: it says so, or
 * that it is at it (exception 05). `open`: it may have reached it, as a gateway's 0B says no more than silence.
 */
function effectOf(sent: BusOutcome<void>): "taken" | "open" | "none" {
  return sent.ok ? "taken" : effectAfter(sent.fault);
}

function effectAfter(fault: BusFault): "taken" | "open" | "none" {
  switch (fault.kind) {
    case "exception":
      return fault.code === 5 ? "taken" : FINAL.includes(fault.code) ? "none" : "open";
    case "offline":
      return fault.code === undefined ? "none" : "open";
    case "refused":
      return "none";
    case "timeout":
    case "crc":
    case "foreign":
    case "line":
    case "aborted":
      return "open";
    default:
      return fault satisfies never;
  }
}

/** Illegal function, address, value; busy; cannot be done (1.1b3 §7). A failure (04) may come half-way. */
const FINAL: readonly number[] = [1, 2, 3, 6, 7];

function notTaken({ words }: JournalWrite, held: readonly number[]): string {
  return `the inverter confirmed the write of ${words.join(" ")}, but holds ${held.join(" ")}`;
}
