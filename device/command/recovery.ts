import type { Clock } from "../../platform/clock.ts";
import type { ReadBack } from "../../protocol/command/device_messages.ts";
import type { Execution } from "./execution.ts";
import type { Interrupted, JournalWrite } from "./journal.ts";
import type { CommandTarget } from "./target.ts";
import { takeBack } from "./write_sequence.ts";
import { HALF_DONE_MS, readBack } from "./write_step.ts";

/** So long, ms, an inverter that answers is given to show what it took. */
const SHOWN_MS = 1_000;

interface RecoveryIo {
  readonly inverters: ReadonlyMap<string, CommandTarget>;
  readonly clock: Clock;
}

/**
 * What is true of a write that the node did not live to report: it took effect when the registers hold it. It is not made
 * again, as the request may have been sent before; where only a part took effect, that is taken back.
 */
export async function recover(interrupted: Interrupted, io: RecoveryIo, signal: AbortSignal): Promise<Execution> {
  const { inverter, writes } = interrupted;
  const target = io.inverters.get(inverter);
  if (!target) return failed(`unknown whether it took effect: the node has no inverter ${inverter} any more`);
  const writeIo = { target, clock: io.clock, signal };
  const registers: ReadBack[] = [];
  const done: JournalWrite[] = [];
  let until = io.clock.monotonic() + HALF_DONE_MS;
  for (const write of writes) {
    const held = await readBack(write, writeIo, patienceUntil(io.clock, until));
    if (held.kind === "stopped") return held;
    if (held.kind === "unreadable") return failed(`unknown whether it took effect: ${held.message}`, registers);
    until = Math.min(until, io.clock.monotonic() + SHOWN_MS);
    registers.push({ register: write.register, address: write.address, words: [...held.words] });
    if (held.kind === "otherwise") {
      const what = `${write.register} holds ${held.words.join(" ")}, not ${write.words.join(" ")}`;
      return failed(`${what}${await takeBack(done, writeIo)}`, registers);
    }
    done.push(write);
  }
  return { kind: "completed", registers };
}

/** An inverter that does not answer is waited for; one that does has had its time to show what it took. */
function patienceUntil(clock: Clock, until: number): Parameters<typeof readBack>[2] {
  return (looked, ms) => looked.kind === "unreadable" ? clock.monotonic() < until : ms < SHOWN_MS;
}

function failed(message: string, registers: readonly ReadBack[] = []): Execution {
  return { kind: "failed", message: `interrupted by a restart of the node; ${message}`, registers };
}
