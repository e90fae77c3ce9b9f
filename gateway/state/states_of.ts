import type { GatewayConfig } from "../config.ts";
import type { GatewayIo } from "../gateway_io.ts";
import { createSampleReader } from "../store/sample_reader.ts";
import type { Stores } from "../stores.ts";
import { createDeviceStates, type DeviceStates } from "./device_states.ts";
import { createFading } from "./fading.ts";

/** How devices are doing, over open stores. `listeningSince`: left out where nobody listens. */
export function statesOf(
  { location }: Pick<GatewayConfig, "location">,
  { clock, log }: Pick<GatewayIo, "clock" | "log">,
  stores: Stores,
  listeningSince?: number,
): DeviceStates {
  const reader = createSampleReader(stores);
  const fadingOf = createFading({ ...stores, reader });
  const listening = listeningSince === undefined ? {} : { listeningSince };
  return createDeviceStates({ ...stores, ...listening, activity: reader.activity, fadingOf, clock, log, location });
}
