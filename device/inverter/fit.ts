import { misfit, type Probe } from "../../protocol/profile/format/probe.ts";
import { rawFromWords, textFromWords, wordsOf } from "../../protocol/profile/raw.ts";
import type { Register } from "../../protocol/profile/register.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import type { PollFault } from "./poll.ts";
import { readTable, type TableReader } from "./register_reader.ts";

/** Modbus exceptions that mean "I have no such registers": that is no trouble, it is another device. */
const MOST_REFUSING_CODE = 3;

/** Raw values by the names of their registers. */
type Raws = ReadonlyMap<string, number | undefined>;

/** Where a device is asked, and what it has answered already. */
interface FitIo {
  readonly bus: TableReader;
  readonly unit: number;
  /** What a poll brought; without one all is asked. */
  readonly polled?: Raws;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Why a unit is not the device that these probes describe; `undefined`: it is, or nothing could be told. What a poll has
 * read already is not asked for again, and what may be absent is not asked for besides a poll.
 */
export async function fitFault(
  probes: readonly Probe[],
  { bus, unit, polled, signal }: FitIo,
): Promise<PollFault | undefined> {
  const raws = new Map(polled);
  for (const probe of probes) {
    const lacking = probe.registers.filter(({ name }) => !raws.has(name));
    if (polled && probe.orAbsent && lacking.length > 0) continue;
    const read = await readColumns(bus, unit, lacking, signal);
    const text = probe.text && await readText(bus, unit, probe.text, signal);
    const failed = !read.ok ? read.fault : text?.ok === false ? text.fault : undefined;
    if (failed && probe.orAbsent && isRefusal(failed)) continue;
    if (failed || !read.ok) return failed && refused(probe.asked, failed);
    for (const [name, raw] of read.value) raws.set(name, raw);
    const fault = misfit(probe, { rawOf: (name) => raws.get(name), text: text?.ok ? text.value : undefined });
    if (fault !== undefined) return { kind: "misfit", message: `It is another device than its profile says: ${fault}` };
  }
  return undefined;
}

function refused(asked: string, fault: BusFault): PollFault {
  if (!isRefusal(fault)) return fault;
  return {
    kind: "misfit",
    message: `It is another device than its profile says: it has no ${asked} (${fault.message})`,
  };
}

function isRefusal(fault: BusFault): boolean {
  return fault.kind === "exception" && fault.code <= MOST_REFUSING_CODE;
}

/** The raw values of a few registers, one request each. */
export async function readColumns(
  bus: TableReader,
  unit: number,
  registers: readonly Register[],
  signal?: AbortSignal,
): Promise<BusOutcome<Raws>> {
  const raws = new Map<string, number | undefined>();
  for (const register of registers) {
    const { table, address, encoding, unitId = unit } = register;
    const block = { table, address, count: wordsOf(encoding) };
    const answer = await readTable(bus, unitId, block, signal ? { signal } : {});
    if (!answer.ok) return answer;
    raws.set(register.name, rawFromWords(encoding, answer.value, 0, register));
  }
  return { ok: true, value: raws };
}

/** A text of the device. */
async function readText(
  bus: TableReader,
  unit: number,
  { table, address, words, swapped, unitId = unit }: NonNullable<Probe["text"]>,
  signal?: AbortSignal,
): Promise<BusOutcome<string>> {
  const answer = await readTable(bus, unitId, { table, address, count: words }, signal ? { signal } : {});
  return answer.ok ? { ok: true, value: textFromWords(answer.value, swapped) } : answer;
}
