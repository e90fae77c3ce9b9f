import { z } from "zod";

/** The name of a device in the registry: 1 to 64 of A-Z a-z 0-9 _ . - */
export const DeviceId = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ . -").brand<
  "DeviceId"
>();
export type DeviceId = z.infer<typeof DeviceId>;
