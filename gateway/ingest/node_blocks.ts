import { fromBase64 } from "../../crypto/bytes.ts";
import { CODEC, decodeBlock } from "../../protocol/block/block.ts";
import { LEGACY_TOPIC } from "../boards/answers.ts";
import type { SampleBlock } from "../../protocol/messages/sample_blocks.ts";
import type { Series } from "../../protocol/sample.ts";
import { Fault, type FieldFault } from "../fault.ts";
import { type Columns, columnsOf } from "./columns.ts";

/** A block whose payload was decoded and agrees with what the message says of it. */
export interface DecodedBlock {
  readonly blockId: number;
  readonly inverter: string;
  readonly series: Series;
  readonly payload: Uint8Array;
  readonly columns: Columns;
}

/**
 * Decodes the blocks of an upload. Throws `Fault` `refused` that names every bad block (`blocks[2].payload`), so that a node
 * sets those aside and sends the others again: an upload is stored as a whole or not at all.
 */
export function decodeBlocks(blocks: readonly SampleBlock[]): readonly DecodedBlock[] {
  const decoded: DecodedBlock[] = [];
  const fields: FieldFault[] = [];
  for (const [index, block] of blocks.entries()) {
    const result = decodeOne(block);
    if ("blockId" in result) decoded.push(result);
    else fields.push({ path: `blocks[${index}].${result.path}`, message: result.message });
  }
  if (fields.length > 0) {
    throw new Fault("refused", `${fields.length} of ${blocks.length} blocks cannot be stored`, { fields });
  }
  return decoded;
}

function decodeOne(block: SampleBlock): DecodedBlock | FieldFault {
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
  return { blockId: block.block_id, inverter: block.inverter, series, payload, columns };
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
