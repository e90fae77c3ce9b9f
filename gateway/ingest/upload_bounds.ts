import { BoundedMap } from "../../platform/bounded_map.ts";
import type { Clock } from "../../platform/clock.ts";
import { MAX_MINUTES } from "../../protocol/messages/sample_blocks.ts";
import type { Series } from "../../protocol/sample.ts";
import { Fault, type FieldFault } from "../fault.ts";

/**
 * What one device may bring, beyond the form of an upload (protocol/messages/sample_blocks.ts) and the series of a device
 * (gateway/store/series.ts): its key is no leave to keep the others waiting. docs/limits.md has them all.
 */

const DAY_MS = 86_400_000;
/** A sample may be dated so long before its upload: as long as quarters of an hour are kept. */
const BEHIND_MS = 1_825 * DAY_MS;
/** And so long after it: a wrong clock that is not mended in a month is for people. */
const AHEAD_MS = 31 * DAY_MS;

/** What a minute costs, in values: a row is looked for and one is written. */
const MINUTE_WORK = 50;
/** What a series costs, in values: it may be new, and its row, its block and its meter are written. */
const SERIES_WORK = 250;
/** Work that a device may bring in a minute, and at once: a tenth or two of a processor. */
const WORK_PER_MINUTE = 12_000_000;
/** Devices that are watched at the same time. */
const KEPT = 8_192;

/** What is known of a block before it is stored. */
interface Bounded {
  readonly inverter: string;
  readonly series: Pick<Series, "profile" | "registers">;
  readonly startMs: number;
  readonly endMs: number;
  /** Minutes that it has samples in. */
  readonly minutes: number;
  readonly values: number;
}

/** What storing the blocks takes, in values. */
export function workOf(blocks: readonly Bounded[]): number {
  const series = new Set(blocks.map(({ inverter, series: { profile, registers } }) => {
    return `${inverter}\n${profile}\n${registers.join("\n")}`;
  }));
  return blocks.reduce((sum, { values, minutes }) => sum + values + MINUTE_WORK * minutes, SERIES_WORK * series.size);
}

/** Throws `Fault` `refused` when there are samples in too many minutes. */
export function checkMinutes(blocks: readonly Pick<Bounded, "minutes">[]): void {
  const minutes = blocks.reduce((sum, block) => sum + block.minutes, 0);
  if (minutes <= MAX_MINUTES) return;
  throw new Fault("refused", `The upload has samples in ${minutes} minutes; ${MAX_MINUTES} is the most for one`);
}

/** Throws `Fault` `refused` that names every block of another time. `receivedAt`: unix milliseconds. */
export function checkTimes(blocks: readonly Pick<Bounded, "startMs" | "endMs">[], receivedAt: number): void {
  const earliest = receivedAt - BEHIND_MS, latest = receivedAt + AHEAD_MS;
  const fields: FieldFault[] = [];
  for (const [index, { startMs, endMs }] of blocks.entries()) {
    if (startMs < earliest) {
      fields.push({ path: `blocks[${index}].start_ms`, message: `is before ${dateOf(earliest)}` });
    } else if (endMs > latest) {
      fields.push({ path: `blocks[${index}].end_ms`, message: `is after ${dateOf(latest)}` });
    }
  }
  if (fields.length === 0) return;
  const most = `${BEHIND_MS / DAY_MS} days before and ${AHEAD_MS / DAY_MS} days after their upload`;
  throw new Fault("refused", `${fields.length} of ${blocks.length} blocks are dated more than ${most}`, { fields });
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** How much work a device brings. */
export interface UploadPace {
  /** Counts an upload in. Throws `Fault` `too_many` when the device has to wait. */
  take(device: number, work: number): void;
}

/** A pace that each device has for itself: what it does not use gathers for a minute. */
export function createUploadPace(clock: Pick<Clock, "monotonic">): UploadPace {
  const used = new BoundedMap<number, { readonly work: number; readonly at: number }>(KEPT);
  return {
    take(device, work) {
      const at = clock.monotonic();
      const before = used.get(device) ?? { work: 0, at };
      const left = Math.max(0, before.work - (at - before.at) * WORK_PER_MINUTE / 60_000);
      if (left + work > WORK_PER_MINUTE) {
        const retryAfter = Math.ceil((left + work - WORK_PER_MINUTE) * 60 / WORK_PER_MINUTE);
        throw new Fault("too_many", "The device has brought as many samples as one may in a minute", { retryAfter });
      }
      used.set(device, { work: left + work, at });
    },
  };
}
