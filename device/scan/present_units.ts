import { BESIDE } from "../inverter/discovery.ts";
import type { Bus } from "../modbus/bus.ts";
import type { BusFault } from "../modbus/fault.ts";

/** Where SunSpec maps and the ten registers are: some devices say nothing at all where they have nothing. */
const ADDRESSES = [40_000, 0] as const;
/** Asked where nobody answered at those; where maps are that are counted otherwise by one, of so many units. */
const LAST_ADDRESSES = [50_000, ...BESIDE] as const;
const FEW = 3;
/** Milliseconds for each question; who needs longer is heard while others are asked. */
const HURRY_MS = 300;
const WORDS = 2;

/** Who is on a line. */
interface Present {
  /** Units that answered something, also too late or damaged, in the order in which they were asked for. */
  readonly units: readonly number[];
  /** Units that were named by answers to requests for others. */
  readonly named: readonly number[];
  /** A gateway answered for units that it does not reach, and nobody else did: it or they may be starting. */
  readonly gatewayOnly: boolean;
  /** The line cannot be used. */
  readonly trouble?: string;
}

/** How much time there is. */
export interface Haste {
  /** Milliseconds for each answer. */
  readonly answerMs: number;
  /** Milliseconds for which a line is listened to on which nobody has answered; default `answerMs`. */
  readonly listenMs?: number;
  /** Each unit is asked once. */
  readonly quick?: boolean;
}

/**
 * Asks every unit a few short questions and says who is there: whoever answers is asked more, with patience, by others.
 * A unit that is slower than the question waits is known by its transaction id while the next is asked.
 */
export async function presentUnits(
  bus: Pick<Bus, "read" | "state">,
  units: readonly number[],
  { answerMs, listenMs = answerMs, quick = false }: Haste,
  signal: AbortSignal,
): Promise<Present> {
  let gatewayOnly = false;
  const there = new Set<number>();
  const named = new Set<number>();
  const ask = async (unit: number, address: number, timeoutMs: number): Promise<BusFault | undefined> => {
    const options = { signal, retries: 0, mayBeSilent: true, timeoutMs };
    const outcome = await bus.read(unit, "holding", address, WORDS, options);
    gatewayOnly ||= !outcome.ok && outcome.fault.kind === "offline" && outcome.fault.code !== undefined;
    if (outcome.ok || showsLife(outcome.fault)) there.add(unit);
    if (!outcome.ok && outcome.fault.kind === "foreign" && outcome.fault.from !== undefined) {
      named.add(outcome.fault.from);
    }
    for (const one of units) if (bus.state(one).lateMs !== undefined) there.add(one);
    return outcome.ok ? undefined : outcome.fault;
  };
  const nobody = () => there.size + named.size === 0;
  for (const [i, address] of (quick ? ADDRESSES.slice(0, 1) : [...ADDRESSES, ...LAST_ADDRESSES]).entries()) {
    if (i >= ADDRESSES.length && !nobody()) break;
    for (const unit of i > ADDRESSES.length ? units.slice(0, FEW) : units) {
      if (signal.aborted) break;
      const fault = there.has(unit) ? undefined : await ask(unit, address, Math.min(HURRY_MS, answerMs));
      if (fault?.kind === "line") return { units: [], named: [], gatewayOnly: false, trouble: fault.message };
    }
  }
  const [first] = units;
  if (first !== undefined && !signal.aborted) await ask(first, ADDRESSES[0], nobody() ? listenMs : answerMs); // hears who is late
  return {
    units: units.filter((unit) => there.has(unit)),
    named: [...named].filter((unit) => !units.includes(unit)),
    gatewayOnly: gatewayOnly && nobody(),
  };
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
