import { z } from "zod";
import { bytes, duration } from "../../platform/quantity.ts";

/** The `update:` section of the configuration file. Durations are parsed to milliseconds, sizes to bytes. */
export const UpdateConfig = z.strictObject({
  keys: z.string().min(1)
    .describe("folder with signing_public.pem, image_aes.key and chunk_hmac.key, readable by their owner only"),
  interval: duration("1m", "720h").default(6 * 3_600_000)
    .describe("between two looks for an update, a tenth more or less by chance"),
  rate_limit: bytes("1KiB", "1GiB").optional().describe(
    "bytes a second that a download may take; no limit when left out",
  ),
  largest: bytes("1MiB", "512MiB").default(512 * 2 ** 20).describe("bytes that an image may have"),
  confirm_within: duration("10s", "24h").default(600_000)
    .describe("how long a new image may take to prove itself before the old one runs again"),
  soak: duration("0s", "12h").default(120_000)
    .describe("how long a new image has to run before it is confirmed"),
  attempts: z.int().min(1).max(10).default(3).describe("failed starts after which the old image runs again"),
}).refine(({ soak, confirm_within }) => soak < confirm_within, {
  message: "must be below confirm_within",
  path: ["soak"],
});
export type UpdateConfig = Readonly<z.infer<typeof UpdateConfig>>;
