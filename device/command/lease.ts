import type { Clock } from "../../platform/clock.ts";
import type { JournalWrite } from "./journal.ts";
import type { CommandTarget } from "./target.ts";
import { readBack, writeStep } from "./write_step.ts";

/** What an inverter holds for a time only, and what it is given back then. */
export interface Lease {
  /** The command that ordered it. */
  readonly id: string;
  readonly inverter: string;
  readonly writes: readonly JournalWrite[];
}

/** What ending a lease came to. `waits`: the inverter could not be reached, or did not take it yet. */
type LeaseEnd =
  | { readonly kind: "over"; readonly restored: readonly string[] }
  | { readonly kind: "waits"; readonly message: string }
  | { readonly kind: "stopped" };

interface LeaseIo {
  readonly target: CommandTarget;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Gives registers what they held before, the last first: a switch goes before its limit. What holds something else by now was
 * changed by the inverter itself, or by somebody who meant it, and stays.
 */
export async function endLease({ writes }: Lease, io: LeaseIo): Promise<LeaseEnd> {
  const restored: string[] = [];
  for (const write of writes.toReversed()) {
    const { register, address, words, before } = write;
    if (before === undefined || before.join() === words.join()) continue;
    const held = await readBack(write, io, () => false);
    if (held.kind === "stopped") return held;
    if (held.kind === "unreadable") return { kind: "waits", message: `${register}: ${held.message}` };
    if (held.kind === "otherwise") continue;
    const undone = await writeStep({ register, address, words: before }, { ...io, part: true });
    if (undone.kind === "stopped") return undone;
    if (undone.kind !== "in_force") return { kind: "waits", message: `${register} could not be taken back` };
    restored.push(register);
  }
  return { kind: "over", restored };
}

/** What to give back at the end of a lease that begins while others last: what was there before the first of them. */
export function withFirstValues(
  writes: readonly JournalWrite[],
  earlier: readonly Lease[],
): readonly JournalWrite[] {
  return writes.map((write) => {
    const first = earlier.flatMap((lease) => lease.writes).find(({ address, words }) =>
      address === write.address && words.join() === write.before?.join()
    );
    return first?.before === undefined ? write : { ...write, before: first.before };
  });
}
