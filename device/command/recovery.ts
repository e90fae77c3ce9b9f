import type { Clock } from "../../platform/clock.ts";
import type { ReadBack } from "../../protocol/command/device_messages.ts";
import type { Execution } from "./executor.ts";
import type { Interrupted, JournalWrite } from "./journal.ts";
import type { CommandTarget } from "./target.ts";
import { readBack } from "./write_step.ts";

/** How long an inverter that does not answer is asked what it holds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 2_000;

export interface RecoveryIo {
  readonly inverters: ReadonlyMap<string, CommandTarget>;
  readonly clock: Clock;
}

/**
 * What is true of a write that the node did not live to report: it took effect when the registers hold it. Nothing is
 * written: the request may have been sent before.
 */
export async function recover(interrupted: Interrupted, io: RecoveryIo, signal: AbortSignal): Promise<Execution> {
  const { inverter, writes } = interrupted;
  const target = io.inverters.get(inverter);
  if (!target) return failed(`unknown whether it took effect: the node has no inverter ${inverter} any more`);
  const until = io.clock.monotonic() + PATIENCE_MS;
  const registers: ReadBack[] = [];
  for (const write of writes) {
    const held = await patientlyReadBack(write, { target, clock: io.clock, signal }, until);
    if (held.kind === "stopped") return held;
    if (held.kind === "unreadable") return failed(`unknown whether it took effect: ${held.message}`, registers);
    registers.push({ register: write.register, address: write.address, words: [...held.words] });
    if (held.kind === "otherwise") {
      return failed(`${write.register} holds ${held.words.join(" ")}, not ${write.words.join(" ")}`, registers);
    }
  }
  return { kind: "completed", registers };
}

async function patientlyReadBack(write: JournalWrite, io: Parameters<typeof readBack>[1], until: number) {
  for (;;) {
    const held = await readBack(write, io);
    if (held.kind !== "unreadable" || io.clock.monotonic() >= until) return held;
    await io.clock.sleep(PAUSE_MS, io.signal);
  }
}

function failed(message: string, registers: readonly ReadBack[] = []): Execution {
  return { kind: "failed", message: `interrupted by a restart of the node; ${message}`, registers };
}
