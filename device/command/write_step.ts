import type { Clock } from "../../platform/clock.ts";
import type { TimeLimit } from "../../platform/deadline.ts";
import type { BusFault } from "../modbus/fault.ts";
import type { JournalWrite } from "./journal.ts";
import type { CommandTarget } from "./target.ts";

/** Requests for one register: sent again only after reading back showed that the one before had no effect. */
const ATTEMPTS = 3;
/** Times a register is read back, and the pause between two: some inverters take a moment to show what they took. */
const READS = 4;
const PAUSE_MS = 250;

/** What writing one register came to. `words`: what it holds now, where that could be read. */
export type Written =
  | { readonly kind: "in_force"; readonly words: readonly number[] }
  | { readonly kind: "failed"; readonly message: string; readonly words?: readonly number[] }
  /** The deadline came before the request went out: there was no effect. */
  | { readonly kind: "expired" }
  /** The node stops. What is true is found out when it starts again. */
  | { readonly kind: "stopped" };

/** What reading a register back came to. */
export type Held =
  | { readonly kind: "as_written" | "otherwise"; readonly words: readonly number[] }
  | { readonly kind: "unreadable"; readonly message: string }
  | { readonly kind: "stopped" };

export interface WriteIo {
  readonly target: CommandTarget;
  readonly clock: Clock;
  /** The node stops. */
  readonly signal: AbortSignal;
  /** No request goes out any more. Left out where a half-done effect has to be completed. */
  readonly deadline?: TimeLimit;
}

/** Writes one register and reads it back until it is known whether that took effect. */
export async function writeStep(write: JournalWrite, io: WriteIo): Promise<Written> {
  const signal = io.deadline ? AbortSignal.any([io.signal, io.deadline.signal]) : io.signal;
  for (let attempt = 1;; attempt++) {
    if (io.deadline?.passed) return { kind: "expired" };
    const sent = await io.target.writeRegisters(write.address, write.words, { signal, retries: 0 });
    if (!sent.ok && hadNoEffect(sent.fault)) return { kind: "failed", message: sent.fault.message };
    const held = await readBack(write, io);
    switch (held.kind) {
      case "stopped":
        return held;
      case "as_written":
        return { kind: "in_force", words: held.words };
      case "unreadable":
        return { kind: "failed", message: `unknown whether it took effect: ${held.message}` };
      case "otherwise":
        if (sent.ok) return { kind: "failed", message: notTaken(write, held.words), words: held.words };
        if (io.deadline?.passed) return { kind: "expired" };
        if (attempt === ATTEMPTS) return { kind: "failed", message: sent.fault.message, words: held.words };
        break;
      default:
        held satisfies never;
    }
  }
}

/** Reads a register until it holds what was written, or it is clear that it does not. */
export async function readBack(write: JournalWrite, io: Pick<WriteIo, "target" | "clock" | "signal">): Promise<Held> {
  let last: Held = { kind: "unreadable", message: "it was not read" };
  for (let read = 0; read < READS; read++) {
    if (read > 0) await io.clock.sleep(PAUSE_MS, io.signal);
    const options = { signal: io.signal, priority: "write" } as const;
    const answer = await io.target.readRegisters(write.address, write.words.length, options);
    if (io.signal.aborted) return { kind: "stopped" };
    if (answer.ok && isInForce(write, answer.value)) return { kind: "as_written", words: answer.value };
    last = answer.ok
      ? { kind: "otherwise", words: answer.value }
      : { kind: "unreadable", message: answer.fault.message };
  }
  return last;
}

/** A timer that runs down may already show less than was written (SunSpec model 123, `_RvrtTms`). */
function isInForce({ register, words }: JournalWrite, held: readonly number[]): boolean {
  if (held.length !== words.length) return false;
  if (register.endsWith("_RvrtTms")) return (held[0] ?? 0) <= (words[0] ?? 0);
  return held.every((word, i) => word === words[i]);
}

/** The device refused, or nothing was sent to it. All else may have reached it. */
function hadNoEffect({ kind }: BusFault): boolean {
  return kind === "exception" || kind === "offline" || kind === "refused";
}

function notTaken({ words }: JournalWrite, held: readonly number[]): string {
  return `the inverter confirmed the write of ${words.join(" ")}, but holds ${held.join(" ")}`;
}
