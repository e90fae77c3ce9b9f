import { z } from "zod";
import { MAX_CHUNK_BYTES, MAX_LOG_LINE_CHARS, MAX_LOG_LINES, MAX_MANIFEST_CHARS } from "./limits.ts";
import { FirmwareSequence, IvText, Sha256Hex, SignatureText } from "./manifest.ts";
import { FirmwareVersion } from "./version.ts";

const Name = z.string().min(1).max(64);
const Reason = z.string().max(500);
const ChunkNumber = z.int().min(0).max(4_294_967_295);

/** `POST /ota/check`. */
export const CheckRequest = z.object({
  device_id: Name,
  current_version: FirmwareVersion,
  sequence: FirmwareSequence.or(z.literal(0)).optional().describe(
    "Of a node: its committed floor; nothing at or below is offered",
  ),
  image_signature: z.boolean().optional().describe(
    "Of a node: false when it needs no signature over the image itself, as nodes of version 0.1 do",
  ),
});
export type CheckRequest = z.infer<typeof CheckRequest>;

/** The answer to a check. A node takes nothing but `manifest` and `manifest_signature`; the other keys are the boards'. */
export const CheckAnswer = z.discriminatedUnion("update_available", [
  z.object({ update_available: z.literal(false), message: z.string() }),
  z.object({
    update_available: z.literal(true),
    version: FirmwareVersion,
    original_size: z.int(),
    encrypted_size: z.int(),
    total_chunks: z.int(),
    chunk_size: z.int(),
    sha256_hash: Sha256Hex,
    signature: SignatureText.optional(),
    iv: IvText,
    manifest: z.string().max(MAX_MANIFEST_CHARS).optional(),
    manifest_signature: SignatureText.optional(),
  }),
]);
export type CheckAnswer = z.infer<typeof CheckAnswer>;

/** `POST /ota/chunk`. With `Accept: application/octet-stream` the answer is the chunk itself and the headers below. */
export const ChunkRequest = z.object({ device_id: Name, version: FirmwareVersion, chunk_number: ChunkNumber });
export type ChunkRequest = z.infer<typeof ChunkRequest>;

export const ChunkAnswer = z.object({
  chunk: z.object({
    chunk_number: ChunkNumber,
    data: z.base64().max(4 * Math.ceil(MAX_CHUNK_BYTES / 3)),
    size: z.int().min(1).max(MAX_CHUNK_BYTES),
    hmac: Sha256Hex,
    total_chunks: z.int(),
  }),
  progress: z.object({ chunks_received: z.int(), total_chunks: z.int(), percentage: z.number() }),
});
export type ChunkAnswer = z.infer<typeof ChunkAnswer>;

/** Headers of a chunk that comes as `application/octet-stream`: its number, and its HMAC in lower-case hex. */
export const CHUNK_HEADERS = { number: "x-chunk-number", hmac: "x-chunk-hmac", total: "x-total-chunks" } as const;

/** `POST /ota/verify`: how the checks of a complete download ended, before the new image is started. */
export const VerifyRequest = z.object({
  device_id: Name,
  version: FirmwareVersion,
  verified: z.boolean(),
  error: Reason.nullish(),
});
export type VerifyRequest = z.infer<typeof VerifyRequest>;

/** `POST /ota/complete`: how it ended. `success` is said by the new image, the others by the one that runs instead. */
export const CompleteRequest = z.object({
  device_id: Name,
  version: FirmwareVersion,
  boot_status: z.enum(["success", "rolled_back", "failed"]),
  reason: Reason.nullish(),
  log: z.array(z.string().max(MAX_LOG_LINE_CHARS)).max(MAX_LOG_LINES).optional().describe("The last lines before"),
});
export type CompleteRequest = z.infer<typeof CompleteRequest>;

/** The answer to both. */
export const OtaReportAnswer = z.object({ status: z.literal("success"), message: z.string() });
export type OtaReportAnswer = z.infer<typeof OtaReportAnswer>;
