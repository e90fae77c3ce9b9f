import { setImmediate } from "node:timers";
import { fromBase64 } from "../../crypto/bytes.ts";
import { CODEC, decodeBlock } from "../../protocol/block/block.ts";
import { LEGACY_TOPIC } from "../boards/answers.ts";
import { minutesBetween, type SampleBlock } from "../../protocol/messages/sample_blocks.ts";
import type { Sample, Series } from "../../protocol/sample.ts";
import { Fault, type FieldFault } from "../fault.ts";
import type { Columns, ColumnsOf } from "./columns.ts";
import { checkMinutes } from "./upload_bounds.ts";

/** A block whose payload was decoded and agrees with what the message says of it. */
export interface DecodedBlock {
  readonly blockId: number;
  readonly inverter: string;
  readonly series: Series;
  readonly payload: Uint8Array;
  readonly columns: Columns;
  /** Unix milliseconds of the earliest and latest sample. */
  readonly startMs: number;
  readonly endMs: number;
  /** Minutes that it has samples in. */
  readonly minutes: number;
  /** Samples times registers. */
  readonly values: number;
}

/** Bytes and values that are decoded in one go: some ten milliseconds of the thread. */
const GO = 50_000;

/** Lets everything else that is ready have its turn. */
type Turn = () => Promise<void>;

const nextTurn: Turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Decodes the blocks of an upload. Throws `Fault` `refused` that names every bad block (`blocks[2].payload`), so that a node
 * sets those aside and sends the others again: an upload is stored as a whole or not at all. A large one does not keep the
 * thread: others get their turn between its blocks.
 */
export async function decodeBlocks(
  blocks: readonly SampleBlock[],
  columnsOf: ColumnsOf,
  turn: Turn = nextTurn,
): Promise<readonly DecodedBlock[]> {
  const decoded: DecodedBlock[] = [];
  const fields: FieldFault[] = [];
  let went = 0;
  for (const [index, block] of blocks.entries()) {
    const cost = block.payload.length + block.count * block.registers.length;
    if (went > 0 && went + cost > GO) {
      await turn();
      went = 0;
    }
    went += cost;
    const result = decodeOne(block, columnsOf);
    if ("blockId" in result) decoded.push(result);
    else fields.push({ path: `blocks[${index}].${result.path}`, message: result.message });
  }
  if (fields.length > 0) {
    throw new Fault("refused", `${fields.length} of ${blocks.length} blocks cannot be stored`, { fields });
  }
  checkMinutes(decoded);
  return decoded;
}

function decodeOne(block: SampleBlock, columnsOf: ColumnsOf): DecodedBlock | FieldFault {
  const columns = columnsOf(block);
  if ("path" in columns) return columns;
  const { registers } = columns;
  const payload = fromBase64(block.payload);
  if (!payload) return { path: "payload", message: "is not Base64" };
  const samples = decodeBlock(payload, { columns: registers.length, count: block.count });
  if (!samples.ok) return { path: "payload", message: `${samples.fault}: ${samples.detail}` };
  let start = Infinity, end = -Infinity;
  for (const { at } of samples.value) {
    if (at < start) start = at;
    if (at > end) end = at;
  }
  if (start !== block.start_ms) {
    return { path: "start_ms", message: `is not the time of the earliest sample, ${start}` };
  }
  if (end !== block.end_ms) return { path: "end_ms", message: `is not the time of the latest sample, ${end}` };
  const series = { profile: columns.profile, registers, samples: samples.value };
  return {
    blockId: block.block_id,
    inverter: block.inverter,
    series,
    payload,
    columns,
    startMs: start,
    endMs: end,
    minutes: minutesOf(samples.value, start, end),
    values: block.count * registers.length,
  };
}

/** Nearly always all samples of a block are of a minute or two. */
function minutesOf(samples: readonly Sample[], start: number, end: number): number {
  const most = Math.min(samples.length, minutesBetween(start, end));
  return most <= 2 ? most : new Set(samples.map(({ at }) => minutesBetween(0, at))).size;
}

/** What `POST /process` answers to a node: the keys of the boards' answer, and which blocks it may forget. */
export function blocksAnswer(
  deviceId: string,
  accepted: readonly DecodedBlock[],
  duplicates: readonly DecodedBlock[],
  mqttPublished: boolean,
): Readonly<Record<string, unknown>> {
  const samples = accepted.reduce((sum, block) => sum + block.series.samples.length, 0);
  const power = accepted.reduce((sum, { columns, series }) => sum + columns.powerSum(series.samples), 0);
  const newest = accepted.at(-1) ?? duplicates.at(-1);
  return {
    status: "success",
    device_id: deviceId,
    compression_system: CODEC,
    registers: newest?.columns.shown ?? [],
    processed_entries: accepted.length + duplicates.length,
    total_samples_processed: samples,
    decompression_successes: accepted.length + duplicates.length,
    success_rate_percent: 100,
    total_power_watts: power,
    average_power_watts: samples === 0 ? 0 : Math.round(100 * power / samples) / 100,
    mqtt_topic: LEGACY_TOPIC,
    mqtt_published: mqttPublished,
    message: `${accepted.length} stored, ${duplicates.length} known before`,
    accepted_blocks: accepted.map((block) => block.blockId),
    duplicate_blocks: duplicates.map((block) => block.blockId),
  };
}
