import { getLogger } from "@logtape/logtape";
import { TimeLimit } from "../../../platform/deadline.ts";
import { execute } from "../../../device/command/executor.ts";
import { NO_LEASES } from "../../../device/command/lease_keeper.ts";
import type { Execution } from "../../../device/command/execution.ts";
import type { Beginning, CommandJournal } from "../../../device/command/journal.ts";
import { createInverter } from "../../../device/inverter/inverter.ts";
import { type BusFault, busFault } from "../../../device/modbus/fault.ts";
import type { Command } from "../../../protocol/command/command.ts";
import { HandedCommand } from "../../../protocol/command/device_messages.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { busWith, type Unit } from "../inverter/fake_unit.ts";

/** One way in which a write goes wrong. `effect`: whether the register changes all the same. */
export interface Trouble {
  readonly fault: BusFault;
  readonly effect: boolean;
}

export const silence = busFault.timeout("test", 1, 100, 1);

/** One inverter, the executor before it, and a record of what happened. */
export function workbench(unit: Unit, profile: typeof ecowatt | "sunspec" = ecowatt) {
  const clock = new FakeClock();
  const { bus, requests } = busWith(unit);
  const writes: { readonly address: number; readonly words: readonly number[] }[] = [];
  const begun: Beginning[] = [];
  const troubles: Trouble[] = [];
  const hands: {
    /** What goes wrong with a write, besides `troubles`. */
    trouble?: (address: number, options?: { readonly function?: 6 | 16 }) => Trouble | undefined;
    /** After a write took effect. */
    written?: (address: number) => void;
    /** While a write is being recorded. */
    recording?: () => void;
    /** By how much the timer of a command's end is late, as in a busy process, ms. */
    lateMs?: number;
  } = {};
  const inverter = createInverter({ unit: 1, profile, registers: [] }, {
    clock,
    bus: {
      ...bus,
      write: (_id, address, words, options) => {
        writes.push({ address, words });
        const trouble = troubles.shift() ?? hands.trouble?.(address, options);
        if (options?.signal?.aborted) return Promise.resolve({ ok: false, fault: busFault.aborted("test") });
        if (!trouble || trouble.effect) words.forEach((word, i) => unit.words.set(address + i, word));
        if (!trouble || trouble.effect) hands.written?.(address);
        return Promise.resolve(trouble ? { ok: false, fault: trouble.fault } : { ok: true, value: undefined });
      },
    },
  });
  const journal: Pick<CommandJournal, "begin" | "writes"> = {
    begin: (beginning) => {
      hands.recording?.();
      begun.push(beginning);
    },
    writes: (_inverter, address) => begun.flatMap(({ writes }) => writes).filter((w) => w.address === address).length,
  };
  const io = { inverters: new Map([["roof", inverter]]), journal, leases: NO_LEASES, clock, log: getLogger(["test"]) };
  const stop = new AbortController();

  /** Executes a command, in as much fake time as it takes. */
  async function run(
    command: Command & { readonly inverter?: string; readonly override_budget?: boolean },
    { lifeMs = Infinity, writesPerDay = 100 } = {},
  ): Promise<Execution> {
    const busy = { monotonic: () => clock.monotonic() + (hands.lateMs ?? 0), sleep: clock.sleep };
    using deadline = new TimeLimit(busy, clock.monotonic() + lifeMs);
    const handed = HandedCommand.parse({ command_id: `c${begun.length}`, ...command });
    let result: Execution | undefined;
    const running = execute({ command: handed, deadline, writesPerDay }, io, stop.signal).then((done) => result = done);
    for (let i = 0; i < 300 && !result; i++) await clock.advance(250);
    return await running;
  }
  return Object.assign(hands, {
    run,
    unit,
    writes,
    begun,
    troubles,
    requests,
    clock,
    stop,
    inverter,
    inverters: io.inverters,
  });
}
