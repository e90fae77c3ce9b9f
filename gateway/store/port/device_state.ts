/** How a device is doing. `stale`: it is not heard of, or its samples are not. */
export const DEVICE_STATES = ["ok", "asleep", "stale", "fault"] as const;
export type DeviceState = typeof DEVICE_STATES[number];

/** A state with its beginning, as far as the facts tell it, and one sentence for people. */
export interface Verdict {
  readonly state: DeviceState;
  readonly since: number;
  readonly reason: string;
}
