import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Bus } from "../modbus/bus.ts";
import type { Line } from "../modbus/line.ts";
import { createBus } from "../modbus/line_bus.ts";
import { type Found, identify } from "./identify.ts";

/** Unit ids that inverters have when they come: SMA 3 and 126, EcoWatt 17, GoodWe 247, the others 1 and 2. */
export const USUAL_UNITS: readonly number[] = [1, 17, 2, 3, 126, 247];

/** What a scan stands on. */
export interface ScanIo {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What was found on a line, and the units that said nothing; `trouble`: why it cannot be used at all. */
interface LineFound {
  readonly found: readonly Found[];
  readonly silent: readonly number[];
  readonly trouble?: string;
}

/** Asks the units of one line, one after the other. `timeoutMs`: for each answer. */
export async function scanLine(
  line: Line,
  units: readonly number[],
  timeoutMs: number,
  io: ScanIo,
): Promise<LineFound> {
  await using bus: Bus = createBus(line, {
    timeoutMs,
    minTimeoutMs: timeoutMs,
    retries: 0,
    backoff: { stepMs: 0, maxMs: 0, share: 1 }, // every unit gets its two requests
  }, io);
  const found: Found[] = [];
  const silent: number[] = [];
  for (const unit of units) {
    if (io.signal.aborted) break;
    const one = await identify(bus, unit, io.signal);
    if (one.kind === "line") return { found, silent, trouble: one.message };
    if (one.kind === "silent") silent.push(unit);
    else found.push(one);
  }
  return { found: withoutEchoes(found), silent };
}

/** Many devices behind TCP answer to every unit id: the first is kept of those that are the same. */
function withoutEchoes(found: readonly Found[]): readonly Found[] {
  const seen = new Set<string>();
  const everywhere = found.length >= 4;
  return found.filter((one) => {
    if (one.kind === "sunspec" ? one.identity.serialNumber === "" && !everywhere : !everywhere) return true;
    const name = one.kind === "sunspec" ? JSON.stringify(one.identity) : one.kind;
    const known = seen.has(name);
    seen.add(name);
    return !known;
  });
}
