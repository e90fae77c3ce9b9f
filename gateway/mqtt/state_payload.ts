import { lookup, shownOf } from "../../protocol/profile/lookup.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import type { Message } from "./message.ts";
import type { NewestSample } from "../ingest/newest_sample.ts";
import { inverterStateTopic } from "./topics.ts";

/**
 * The retained message on `ecowatt/<device>/<inverter>/state`: `{time, quality, registers: {name: value}}`, values in their
 * registers' units, `null` where the register gave no trustworthy one. Scale factors and parts of values are used and left out.
 */
export function stateMessage({ device, inverter, profile, registers, sample, quality }: NewestSample): Message {
  const values = physicalColumns(profile, registers)(sample.values);
  const known = registers.map((name) => lookup(profile, name)).filter((register) => register !== undefined);
  const shown = shownOf(known).map(({ name }) => [name, values[registers.indexOf(name)] ?? null] as const);
  const time = new Date(sample.at).toISOString();
  const payload = JSON.stringify({ time, quality, registers: Object.fromEntries(shown) });
  return { topic: inverterStateTopic(device, inverter), payload, retain: true };
}
