import type { Device, DeviceState } from "../api/views.ts";
import { Badge, type Tone } from "./badge.tsx";
import { localTimes } from "./time_text.ts";

/** From good to bad. */
export const STATES: readonly DeviceState[] = ["ok", "asleep", "stale", "fault"];

const TONE: Record<DeviceState, Tone> = { ok: "good", asleep: "calm", stale: "warn", fault: "bad" };

/** How a device is doing, with the reason for those who ask. */
export function DeviceStateBadge({ device }: { readonly device: Pick<Device, "state" | "state_reason"> }) {
  return <Badge tone={TONE[device.state]} text={device.state} title={localTimes(device.state_reason)} />;
}
