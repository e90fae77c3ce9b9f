import { z } from "zod";
import { DeviceId } from "../device_id.ts";

/** Most bytes of a profile's document as JSON: the largest that the program brings along has 14,000. */
export const MAX_PROFILE_BYTES = 65_536;

/** What a node posts to `/profiles` (contract/1-link §8). */
export const BroughtProfile = z.object({
  device_id: DeviceId,
  document: z.record(z.string(), z.unknown()).describe("an `ecowatt-profile/1` document as it is written in its file"),
});

/** What a node needs from the answer. */
export const BroughtProfileAnswer = z.object({
  status: z.literal("success"),
  device_id: DeviceId,
  profiles: z.array(z.string().max(1024)).max(64).describe("ids of its maps, which blocks may name from now on"),
});
