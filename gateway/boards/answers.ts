import type { DecodedUpload } from "./upload.ts";
import { boardName } from "./registers.ts";

/** Topic on which existing dashboards read what boards send. */
export const LEGACY_TOPIC = "esp32/ecowatt_data";

/** What `POST /process` answers to a board. Keys are the contract; boards ignore the content and copy it to their heap. */
interface ProcessAnswer {
  readonly status: "success";
  readonly device_id: string;
  readonly compression_system: string;
  readonly registers: readonly string[];
  readonly processed_entries: number;
  readonly total_samples_processed: number;
  readonly decompression_successes: number;
  readonly success_rate_percent: number;
  /** Sum of the output power of all samples, in W. */
  readonly total_power_watts: number;
  readonly average_power_watts: number;
  readonly mqtt_topic: string;
  readonly mqtt_published: boolean;
  readonly message: string;
}

/** The answer to an upload that is stored. `deviceId` is the name the sender gave itself. About 450 bytes. */
export function processAnswer(deviceId: string, upload: DecodedUpload, mqttPublished: boolean): ProcessAnswer {
  const powers = upload.batches.flatMap((batch) => {
    const column = batch.registers.indexOf("Pac");
    return batch.samples.map((sample) => sample.values[column] ?? 0);
  });
  const total = powers.reduce((sum, power) => sum + power, 0);
  const decoded = upload.batches.length;
  const read = decoded + upload.undecodable.length;
  return {
    status: "success",
    device_id: deviceId,
    compression_system: "smart_selection",
    registers: (upload.batches.at(-1)?.registers ?? DEFAULT_NAMES).map(boardName),
    processed_entries: upload.items,
    total_samples_processed: powers.length,
    decompression_successes: decoded,
    success_rate_percent: read === 0 ? 100 : Math.round(1000 * decoded / read) / 10,
    total_power_watts: total,
    average_power_watts: powers.length === 0 ? 0 : Math.round(100 * total / powers.length) / 100,
    mqtt_topic: LEGACY_TOPIC,
    mqtt_published: mqttPublished,
    message: describe(upload),
  };
}

const DEFAULT_NAMES = ["Vac1", "Iac1", "Ipv1", "Pac", "Ipv2", "Temp"];

function describe({ batches, undecodable, duplicates, lost }: DecodedUpload): string {
  const parts = [`${batches.length} stored`];
  if (duplicates > 0) parts.push(`${duplicates} known before`);
  if (undecodable.length > 0) parts.push(`${undecodable.length} not decodable, kept aside`);
  if (lost > 0) parts.push(`${lost} lost`);
  return parts.join(", ");
}
