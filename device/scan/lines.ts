import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import type { Bus } from "../modbus/bus.ts";
import type { Line } from "../modbus/line.ts";
import { createBus } from "../modbus/line_bus.ts";
import type { Quirk } from "../modbus/quirks.ts";
import type { DeviceKind } from "../../protocol/profile/format/compile.ts";
import type { TableReader } from "../inverter/register_reader.ts";
import { type Found, identify } from "./identify.ts";
import { libraryDevices } from "./library_device.ts";
import { type Haste, presentUnits } from "./present_units.ts";

/** What a scan stands on. */
export interface ScanIo {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Devices by whose probes a unit is named that is neither SunSpec nor the ten registers; asked for when there is one. */
  readonly devices?: () => readonly DeviceKind[];
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

/** What starts is asked again after so long, ms, so many times in all. */
const START = { pauseMs: 1000, looks: 5 } as const;

/** How a line is looked through. */
export interface Search extends Haste {
  /** Units asked when nobody answers to the first ones, and more quickly beside those who do. */
  readonly further?: readonly number[];
}

/** So many units on a line are one device that answers to all of them. */
const EVERYWHERE = 4;

/** Finds out which of the units of a line are there, and what they are. */
export async function scanLine(line: Line, units: readonly number[], how: Search, io: ScanIo): Promise<LineFound> {
  await using bus = scanBus(line, how.answerMs, io);
  const first = await look(bus, units, how, io);
  const { further = [] } = how;
  const more = further.length > 0 && first.named.length === 0 && !first.trouble && first.found.length < EVERYWHERE
    ? await look(bus, further, { ...how, quick: first.found.length > 0 }, io)
    : { ...NOBODY, named: first.named };
  const late = [...units, ...further].map((unit) => bus.state(unit).lateMs ?? 0);
  const slowMs = Math.max(0, ...late);
  const trouble = first.trouble ?? more.trouble;
  return {
    found: withoutEchoes([...first.found, ...more.found]),
    silent: [...first.silent, ...more.silent],
    named: more.named,
    needs: { quirks: bus.quirks(), ...(slowMs > how.answerMs ? { slowMs } : {}) },
    ...(trouble === undefined ? {} : { trouble }),
  };
}

type Looked = Omit<LineFound, "needs">;

const NOBODY: Looked = { found: [], silent: [], named: [] };

/** Who of these is there, and what it is. */
async function look(bus: Bus, units: readonly number[], how: Haste, io: ScanIo): Promise<Looked> {
  let present = await presentUnits(bus, units, how, io.signal);
  for (let look = 1; present.gatewayOnly && look < START.looks && !io.signal.aborted; look++) {
    await io.clock.sleep(START.pauseMs, io.signal);
    present = await presentUnits(bus, units, how, io.signal);
  }
  const { named, trouble } = present;
  return { named, ...(trouble === undefined ? {} : { trouble }), ...await identifyAll(bus, present.units, io) };
}

/** What the units of a line are, one after the other. Who says nothing now is told as well. */
export async function identifyAll(
  bus: TableReader,
  units: readonly number[],
  { clock, signal, devices }: Pick<ScanIo, "clock" | "signal" | "devices">,
): Promise<{ readonly found: readonly Found[]; readonly silent: readonly number[]; readonly trouble?: string }> {
  const found: Found[] = [];
  const silent: number[] = [];
  for (const unit of units) {
    if (signal.aborted) break;
    let answer = await identify(bus, unit, signal);
    for (let look = 1; "kind" in answer && answer.kind === "failing" && look < START.looks && !signal.aborted; look++) {
      await clock.sleep(START.pauseMs, signal);
      answer = await identify(bus, unit, signal);
    }
    if (!("kind" in answer)) { for (const one of answer) found.push(await named(one, bus, { signal, devices })); }
    else if (answer.kind === "line") return { found, silent, trouble: answer.message };
    else if (answer.kind === "failing") found.push({ kind: "unknown", unit, why: answer.why });
    else silent.push(unit);
  }
  return { found, silent };
}

/** What nothing else is known of is looked for in the library. */
async function named(
  found: Found,
  bus: TableReader,
  { signal, devices = () => [] }: { readonly signal: AbortSignal; readonly devices: ScanIo["devices"] },
): Promise<Found> {
  if (found.kind !== "unknown") return found;
  const { unit } = found;
  const [first, ...others] = await libraryDevices(devices(), bus, unit, signal);
  if (first === undefined) return found;
  const { name: profile, title, class: kind } = first.document;
  return { kind: "device", unit, profile, title, class: kind, also: others.map(({ document }) => document.name) };
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
  const everywhere = found.length >= EVERYWHERE;
  return found.filter((one) => {
    if (one.kind === "sunspec" ? one.identity.serialNumber === "" && !everywhere : !everywhere) return true;
    const name = one.kind === "sunspec"
      ? JSON.stringify([one.identity, one.device])
      : one.kind === "device"
      ? one.profile
      : one.kind;
    const known = seen.has(name);
    seen.add(name);
    return !known;
  });
}
