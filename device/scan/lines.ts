import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Bus } from "../modbus/bus.ts";
import type { Line } from "../modbus/line.ts";
import { createBus } from "../modbus/line_bus.ts";
import type { Quirk } from "../modbus/quirks.ts";
import { type Found, identify } from "./identify.ts";
import { presentUnits } from "./present_units.ts";

/** Unit ids that inverters have when they come: SMA 3 and 126, EcoWatt 17, GoodWe 247, the others 1 and 2. */
export const USUAL_UNITS: readonly number[] = [1, 17, 2, 3, 126, 247];
/** Over TCP also Kostal 71, Victron and SAX 100, meters behind Fronius 200 and 240, Huawei's EMMA 0, Alpha 85. */
export const USUAL_TCP_UNITS: readonly number[] = [...USUAL_UNITS, 71, 100, 200, 240, 0, 85];

/** What a scan stands on. */
export interface ScanIo {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** How a line has to be configured for what was found on it. */
export interface LineNeeds {
  /** What its devices do against the protocol. */
  readonly quirks: readonly Quirk[];
  /** Milliseconds that the slowest of them took, where that is longer than usual. */
  readonly slowMs?: number;
}

/** What was found on a line; `named`: units that answered for others; `trouble`: why it cannot be used at all. */
interface LineFound {
  readonly found: readonly Found[];
  readonly silent: readonly number[];
  readonly named: readonly number[];
  readonly needs: LineNeeds;
  readonly trouble?: string;
}

/** Longest that a slow device is waited for, milliseconds. */
const LONGEST_MS = 10_000;

/** Finds out which of the units of a line are there, and what they are. `timeoutMs`: for each answer. */
export async function scanLine(
  line: Line,
  units: readonly number[],
  timeoutMs: number,
  io: ScanIo,
): Promise<LineFound> {
  await using bus = scanBus(line, timeoutMs, io);
  const present = await presentUnits(bus, units, timeoutMs, io.signal);
  const { found, silent, trouble = present.trouble } = await identifyAll(bus, present.units, io.signal);
  const late = units.map((unit) => bus.state(unit).lateMs ?? 0);
  const slowMs = Math.max(0, ...late);
  return {
    found: withoutEchoes(found),
    silent,
    named: present.named,
    needs: { quirks: bus.quirks(), ...(slowMs > timeoutMs ? { slowMs } : {}) },
    ...(trouble === undefined ? {} : { trouble }),
  };
}

/** What the units of a line are, one after the other. Who says nothing now is told as well. */
export async function identifyAll(
  bus: Pick<Bus, "read">,
  units: readonly number[],
  signal: AbortSignal,
): Promise<{ readonly found: readonly Found[]; readonly silent: readonly number[]; readonly trouble?: string }> {
  const found: Found[] = [];
  const silent: number[] = [];
  for (const unit of units) {
    if (signal.aborted) break;
    const answer = await identify(bus, unit, signal);
    if (!("kind" in answer)) found.push(...answer);
    else if (answer.kind === "line") return { found, silent, trouble: answer.message };
    else silent.push(unit);
  }
  return { found, silent };
}

/** A bus on which every unit gets all its requests, and silence ends no connection on which late answers are to come. */
export function scanBus({ reopenAfterMisses: _, ...line }: Line, timeoutMs: number, io: ScanIo): Bus {
  return createBus(line, {
    timeoutMs,
    minTimeoutMs: timeoutMs,
    maxTimeoutMs: LONGEST_MS,
    retries: 1,
    backoff: { stepMs: 0, maxMs: 0, share: 1 },
  }, io);
}

/** Many devices behind TCP answer to every unit id: the first is kept of those that are the same. */
function withoutEchoes(found: readonly Found[]): readonly Found[] {
  const seen = new Set<string>();
  const everywhere = found.length >= 4;
  return found.filter((one) => {
    if (one.kind === "sunspec" ? one.identity.serialNumber === "" && !everywhere : !everywhere) return true;
    const name = one.kind === "sunspec" ? JSON.stringify([one.identity, one.device]) : one.kind;
    const known = seen.has(name);
    seen.add(name);
    return !known;
  });
}
