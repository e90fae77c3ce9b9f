import { getLogger } from "@logtape/logtape";
import { busOf } from "../../../device/equipment/bus.ts";
import { createInverter, type Inverter } from "../../../device/inverter/inverter.ts";
import type { Bus } from "../../../device/modbus/bus.ts";
import { systemClock } from "../../../platform/clock.ts";
import type { DeviceKind } from "../../../protocol/profile/format/compile.ts";
import { inverterUrl } from "../../terminal/inverter_url.ts";

/** A device at an address, read by a profile that nobody has configured. */
interface Reached extends AsyncDisposable {
  readonly bus: Bus;
  readonly unit: number;
  readonly device: Inverter;
}

/** The device at an address. Nothing is sent before it is asked. */
export function reach(address: string, kind: DeviceKind): Reached {
  const config = inverterUrl(address, Deno.env.get("ECOWATT_API_KEY"));
  const clock = systemClock;
  const bus = busOf(config, { clock, log: getLogger(["ecowatt", "profile"]) });
  const unit = config.inverters[0]?.unit ?? [kind.document.link.unit].flat()[0] ?? 1;
  const device = createInverter({ unit, profile: kind, registers: [] }, { bus, clock });
  return { bus, unit, device, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() };
}
