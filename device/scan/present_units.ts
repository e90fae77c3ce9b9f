import type { Bus } from "../modbus/bus.ts";
import type { BusFault } from "../modbus/fault.ts";

/** Where SunSpec maps and the ten registers are: some devices say nothing at all where they have nothing. */
const ADDRESSES = [40_000, 0] as const;
/** Asked where nobody answered at those. */
const LAST_ADDRESS = 50_000;
/** Milliseconds for each question; who needs longer is heard while others are asked. */
const HURRY_MS = 300;
const WORDS = 2;

/** Who is on a line. */
interface Present {
  /** Units that answered something, also too late or damaged, in the order in which they were asked for. */
  readonly units: readonly number[];
  /** Units that were named by answers to requests for others. */
  readonly named: readonly number[];
  /** The line cannot be used. */
  readonly trouble?: string;
}

/**
 * Asks every unit a few short questions and says who is there: whoever answers is asked more, with patience, by others.
 * A unit that is slower than the question waits is known by its transaction id while the next is asked.
 */
export async function presentUnits(
  bus: Pick<Bus, "read" | "state">,
  units: readonly number[],
  answerMs: number,
  signal: AbortSignal,
): Promise<Present> {
  const there = new Set<number>();
  const named = new Set<number>();
  const ask = async (unit: number, address: number, hurry: boolean): Promise<BusFault | undefined> => {
    const options = {
      signal,
      retries: 0,
      mayBeSilent: true,
      ...(hurry && { timeoutMs: Math.min(HURRY_MS, answerMs) }),
    };
    const outcome = await bus.read(unit, "holding", address, WORDS, options);
    if (outcome.ok || showsLife(outcome.fault)) there.add(unit);
    if (!outcome.ok && outcome.fault.kind === "foreign" && outcome.fault.from !== undefined) {
      named.add(outcome.fault.from);
    }
    for (const one of units) if (bus.state(one).lateMs !== undefined) there.add(one);
    return outcome.ok ? undefined : outcome.fault;
  };
  for (const address of [...ADDRESSES, LAST_ADDRESS]) {
    if (address === LAST_ADDRESS && there.size + named.size > 0) break;
    for (const unit of units) {
      if (signal.aborted) break;
      const fault = there.has(unit) ? undefined : await ask(unit, address, true);
      if (fault?.kind === "line") return { units: [], named: [], trouble: fault.message };
    }
  }
  const [first] = units;
  if (first !== undefined && !signal.aborted) await ask(first, ADDRESSES[0], false); // hears who is late
  return { units: units.filter((unit) => there.has(unit)), named: [...named].filter((unit) => !units.includes(unit)) };
}

/** A gateway's "target did not respond" does not. */
function showsLife(fault: BusFault): boolean {
  switch (fault.kind) {
    case "exception":
    case "crc":
      return true;
    case "foreign":
      return fault.from === undefined;
    default:
      return false;
  }
}
