import type { TimeLimit } from "../../platform/deadline.ts";
import type { ReadBack } from "../../protocol/command/device_messages.ts";
import type { Execution } from "./execution.ts";
import type { JournalWrite } from "./journal.ts";
import { isRevertTime, type WriteIo, writeStep, type Written } from "./write_step.ts";

/** Describes what a register holds, for people and the gateway. */
export type Describe = (write: JournalWrite, words: readonly number[]) => ReadBack;

/**
 * Writes registers one after the other. Only the first may be too late: what was begun is completed, or, when the inverter
 * does not take a register, taken back. A revert time that it does not take is told: the node ends the limit then.
 */
export async function writeSequence(
  writes: readonly JournalWrite[],
  io: Omit<WriteIo, "deadline"> & { readonly deadline: TimeLimit; readonly describe: Describe },
): Promise<Execution> {
  const { deadline, describe, ...rest } = io;
  const later = { ...rest, part: writes.length > 1 };
  const registers: ReadBack[] = [];
  const notes: string[] = [];
  const done: JournalWrite[] = [];
  for (const write of writes) {
    const written = await writeStep(write, done.length === 0 ? { ...later, deadline } : later);
    if (written.kind === "expired" || written.kind === "stopped") return written;
    if ("words" in written && written.words) registers.push(describe(write, written.words));
    const note = noteOf(write, written);
    if (written.kind === "in_force" || (isRevertTime(write) && written.kind === "not_taken")) {
      if (note !== undefined) notes.push(note);
      if (written.kind === "in_force" || written.changed) done.push(write);
      continue;
    }
    const undone = written.kind === "not_taken" && written.changed && done.length > 0 ? [...done, write] : done;
    const message = `${write.register}: ${written.message}${await takeBack(undone, later)}`;
    return { kind: "failed", message, registers };
  }
  return { kind: "completed", registers, ...(notes.length > 0 ? { notes } : {}) };
}

/** Gives registers what they held before, the last first. What came of it, as the end of a sentence. */
export async function takeBack(done: readonly JournalWrite[], io: Omit<WriteIo, "deadline">): Promise<string> {
  const left: string[] = [];
  const changed = done.filter(({ words, before }) => words.join() !== before?.join());
  for (const { register, address, words, before } of changed.toReversed()) {
    const undone = before && await writeStep({ register, address, words: before }, { ...io, part: true });
    if (undone?.kind !== "in_force") left.push(`${register} was set to ${words.join(" ")}`);
  }
  if (changed.length === 0) return "";
  if (left.length > 0) return `; it is half done and could not be taken back: ${left.join(", ")}`;
  return "; what was written before it was taken back";
}

function noteOf({ register, words }: JournalWrite, written: Written): string | undefined {
  if (written.kind === "in_force") return written.rounded ? `${register} is rounded by the inverter` : undefined;
  if (written.kind !== "not_taken" || words.every((word) => word === 0)) return undefined;
  const holds = written.words === undefined ? "" : ` and holds ${written.words.join(" ")}`;
  return `${register} is not taken${holds}: the node lifts the limit`;
}
