import { z } from "zod";
import type { ApiClient } from "../../client/api_client.ts";
import { table, type Terminal } from "../../terminal/output.ts";
import { pathOf } from "../../client/device_path.ts";
import type { Clock } from "../../../platform/clock.ts";
import { DEMO_DEVICE } from "./site.ts";

const Latest = z.object({
  values: z.array(z.object({ register: z.string(), unit: z.string(), value: z.number(), time_ms: z.number() })),
});
type Latest = z.infer<typeof Latest>["values"];

const LOOK_MS = 250;
const TELL_MS = 10_000;

/** Tells what the gateway has stored: the first sample in full, then a line every ten seconds. */
export async function watchSamples(
  api: ApiClient,
  terminal: Terminal,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const latest = async () => (await api.call("GET", `${pathOf(DEMO_DEVICE)}/latest`, Latest)).values;
  let values = await latest();
  for (const before = timeOf(values); timeOf(values) === before && !signal.aborted; values = await latest()) {
    await clock.sleep(LOOK_MS, signal);
  }
  if (signal.aborted) return;
  const rows = values.map(({ register, value, unit }) => [register, String(value), unit]);
  terminal.out(`\nFirst sample stored, taken at ${iso(values)}:\n${table(["REGISTER", "VALUE", "UNIT"], rows)}\n`);
  while (!signal.aborted) {
    await clock.sleep(TELL_MS, signal);
    if (!signal.aborted) terminal.out(line(await latest()));
  }
}

function line(values: Latest): string {
  return `${iso(values)}  ${values.map(({ register, value, unit }) => `${register} ${value} ${unit}`).join("  ")}`;
}

function iso(values: Latest): string {
  return new Date(timeOf(values)).toISOString();
}

function timeOf(values: Latest): number {
  return Math.max(0, ...values.map(({ time_ms }) => time_ms));
}
