import { z } from "zod";
import { CODEC, MAX_COLUMNS, MAX_SAMPLES } from "../block/block.ts";
import { DeviceId } from "../device_id.ts";

/** Most bytes of a request body (contract/1-link §1), 413 above. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Most blocks in one upload. */
export const MAX_BLOCKS = 256;
/** Most values (samples × registers) in one upload, so that a small body cannot claim endless work. */
export const MAX_VALUES = 50_000;
/** Most minutes that the blocks of one upload have samples in, block by block: each is a row of the gateway's summaries. */
export const MAX_MINUTES = 1_000;
/** Most bytes of a block's payload. */
export const MAX_PAYLOAD_BYTES = 65_536;
/** Most profiles that one upload names. */
const MAX_PROFILES = 32;
/** Characters of Base64 that make three bytes. */
const BASE64_GROUP = 4;

const MINUTE_MS = 60_000;

/**
 * How many minutes of the clock a span of time touches, both ends included.
 *
 * @example
 * ```ts
 * minutesBetween(59_999, 60_000); // => 2
 * ```
 */
export function minutesBetween(startMs: number, endMs: number): number {
  return Math.floor(endMs / MINUTE_MS) - Math.floor(startMs / MINUTE_MS) + 1;
}

/** Numbers a device's blocks; it grows for ever, over all its inverters. */
const BlockId = z.int().min(1);

/** The name of one inverter of a node. */
export const InverterName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ . -");

/** The name of a register in its profile: `Vac1`, `103.W_SF`, `160.1.DCA`. */
export const RegisterName = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ . : -");

const Time = z.int().min(0).max(2 ** 44 - 1);

/** One block of an upload: consecutive samples of one inverter. */
export const SampleBlock = z.object({
  block_id: BlockId,
  inverter: InverterName.default("inverter"),
  profile: z.string().min(1).max(1024).describe("profile id that gives the registers their meaning"),
  registers: z.array(RegisterName).min(1).max(MAX_COLUMNS)
    .refine((names) => new Set(names).size === names.length, "must not name a register twice"),
  codec: z.literal(CODEC),
  count: z.int().min(1).max(MAX_SAMPLES).describe("samples in the block"),
  start_ms: Time.describe("unix milliseconds of its earliest sample"),
  end_ms: Time.describe("unix milliseconds of its latest sample"),
  payload: z.base64().min(BASE64_GROUP).max(BASE64_GROUP * Math.ceil(MAX_PAYLOAD_BYTES / 3))
    .describe("the block's bytes"),
}).refine((block) => block.start_ms <= block.end_ms, { path: ["end_ms"], message: "must not be before start_ms" });
export type SampleBlock = z.infer<typeof SampleBlock>;

/** What a node posts to `/process` (contract/1-link §4.1). */
export const SampleBlocksUpload = z.object({
  device_id: DeviceId,
  data_type: z.literal("sample_blocks"),
  blocks: z.array(SampleBlock).min(1).max(MAX_BLOCKS)
    .refine((blocks) => new Set(blocks.map((block) => block.block_id)).size === blocks.length, {
      message: "must not hold a block_id twice",
    })
    .refine((blocks) => values(blocks) <= MAX_VALUES, { message: `must not hold more than ${MAX_VALUES} values` })
    .refine((blocks) => new Set(blocks.map((block) => block.profile)).size <= MAX_PROFILES, {
      message: `must not name more than ${MAX_PROFILES} profiles`,
    }),
});
export type SampleBlocksUpload = z.infer<typeof SampleBlocksUpload>;

function values(blocks: readonly SampleBlock[]): number {
  return blocks.reduce((sum, block) => sum + block.count * block.registers.length, 0);
}

const BlockIds = z.array(BlockId).max(MAX_BLOCKS);

/**
 * What a node needs from the answer. The gateway has more to say (contract/1-link §4.2); every block of the upload
 * is in exactly one of the lists, and the node forgets all of them.
 */
export const SampleBlocksAnswer = z.object({
  status: z.literal("success"),
  device_id: DeviceId,
  accepted_blocks: BlockIds.describe("stored by this upload"),
  duplicate_blocks: BlockIds.describe("stored before"),
  next_block: BlockId.optional().describe("with duplicates: above all numbers that were ever stored of the device"),
  quarantined_blocks: BlockIds.default([]).describe("kept by the gateway, but it could not decode them"),
});
export type SampleBlocksAnswer = z.infer<typeof SampleBlocksAnswer>;
