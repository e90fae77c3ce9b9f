import { BoundedMap } from "../../platform/bounded_map.ts";
import { type Fading, FADING_MS, NEVER_SEEN, nextFading } from "../../protocol/night/night.ts";
import type { Inverters } from "../store/inverters.ts";
import type { SampleReader } from "../store/sample_reader.ts";

/** How far back before the last sample the power is looked at. */
const LOOK_BACK_MS = 2 * FADING_MS;
/** Devices whose fading is remembered. */
const KEPT = 1_000;

/** How the power of a device went before its last sample: that of all its inverters together. */
export type FadingOf = (deviceId: string) => Fading;

interface FadingIo {
  readonly inverters: Pick<Inverters, "present">;
  readonly reader: Pick<SampleReader, "activity" | "select" | "raw">;
}

/** Reads it from the stored samples, once for each last sample. */
export function createFading({ inverters, reader }: FadingIo): FadingOf {
  const kept = new BoundedMap<string, { readonly lastAt: number; readonly fading: Fading }>(KEPT);
  return (deviceId) => {
    const lastAt = reader.activity(deviceId).lastSampleAt;
    if (lastAt === undefined) return NEVER_SEEN;
    const known = kept.get(deviceId);
    if (known?.lastAt === lastAt) return known.fading;
    const fading = readFading(deviceId, lastAt, { inverters, reader });
    kept.set(deviceId, { lastAt, fading });
    return fading;
  };
}

function readFading(device: string, lastAt: number, { inverters, reader }: FadingIo): Fading {
  const powers = inverters.present(device).map(({ profile: { power }, registers }) => {
    return power !== undefined && registers.includes(power) ? power : undefined;
  });
  const registers = [...new Set(powers.filter((power) => power !== undefined))];
  if (registers.length === 0) return NEVER_SEEN;
  const selection = reader.select({ device, registers, from: lastAt - LOOK_BACK_MS, to: lastAt + 1 });
  let fading = NEVER_SEEN;
  for (const { at, values } of reader.raw(selection)) {
    const known = values.filter((value) => value !== undefined);
    if (known.length > 0) fading = nextFading(fading, Math.max(...known), at);
  }
  return fading;
}
