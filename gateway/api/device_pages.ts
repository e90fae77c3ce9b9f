import { z } from "zod";
import { DeviceId } from "../../protocol/device_id.ts";

/** Which page of the devices, by name. */
export const DevicesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: DeviceId.optional().describe("Go on after this device: `next` of the page before"),
});

/** A page of what each device is told of with. */
export function devicesPage<S extends z.ZodType>(device: S) {
  return z.object({ devices: z.array(device), next: z.string().nullable() });
}
