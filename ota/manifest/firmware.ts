import { z } from "zod";
import {
  BOARD_CHUNK_BYTES,
  MAX_BOARD_IMAGE_BYTES,
  MAX_CHUNK_BYTES,
  MAX_IMAGE_BYTES,
  NODE_CHUNK_BYTES,
} from "./limits.ts";
import { chunkCount, encryptedSize, FirmwareSequence, IvText, Sha256Hex, SignatureText } from "./manifest.ts";
import { FirmwareModel, FirmwareVersion } from "./version.ts";

/** The name of a set of firmware keys. */
export const KeySetName = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, "must be 1 to 32 of A-Z a-z 0-9 _ -");

/** An image that is ready to be offered: everything about it but its bytes. */
export const Firmware = z.object({
  model: FirmwareModel,
  version: FirmwareVersion,
  audience: z.enum(["board", "node"]),
  keys: KeySetName,
  /** Boards know no order of releases; their imported images have none. */
  sequence: FirmwareSequence.nullable(),
  original_size: z.int().min(1).max(MAX_IMAGE_BYTES),
  encrypted_size: z.int().min(16),
  sha256_hash: Sha256Hex,
  /** `null` for an image that is too large to be signed as a whole. */
  signature: SignatureText.nullable(),
  iv: IvText,
  chunk_size: z.int().min(16).max(MAX_CHUNK_BYTES),
  total_chunks: z.int().min(1),
  min_version: FirmwareVersion.nullable(),
  /** For nodes: the signed manifest as it travels. */
  manifest: z.string().nullable(),
  manifest_signature: SignatureText.nullable(),
  /** Unix milliseconds. */
  added_at: z.int(),
});
export type Firmware = Readonly<z.infer<typeof Firmware>>;

/** What is said of a new image; the rest follows from its bytes. */
export const NewFirmware = z.strictObject({
  model: FirmwareModel,
  version: FirmwareVersion,
  audience: z.enum(["board", "node"]).default("node"),
  keys: KeySetName.default("default"),
  /** One above the highest of its model when left out. */
  sequence: FirmwareSequence.optional(),
  min_version: FirmwareVersion.optional(),
  chunk_size: z.int().min(1_024).max(MAX_CHUNK_BYTES).multipleOf(1_024).optional(),
}).refine(
  ({ audience, chunk_size }) => audience === "node" || (chunk_size ?? BOARD_CHUNK_BYTES) === BOARD_CHUNK_BYTES,
  {
    message: `boards take chunks of ${BOARD_CHUNK_BYTES} bytes`,
    path: ["chunk_size"],
  },
);
export type NewFirmware = z.infer<typeof NewFirmware>;

/**
 * Bytes of a chunk of a new image.
 *
 * @example
 * ```ts
 * chunkSizeOf({ audience: "board" }); // => 1_024
 * chunkSizeOf({ audience: "node", chunk_size: 65_536 }); // => 65_536
 * ```
 */
export function chunkSizeOf({ audience, chunk_size }: Pick<NewFirmware, "audience" | "chunk_size">): number {
  return chunk_size ?? (audience === "board" ? BOARD_CHUNK_BYTES : NODE_CHUNK_BYTES);
}

/**
 * The manifest that the boards' own tools write beside an encrypted image (contract/2-boards §8); other keys are
 * ignored.
 */
export const BoardManifest = z.object({
  version: FirmwareVersion,
  original_size: z.int().min(1).max(MAX_BOARD_IMAGE_BYTES),
  encrypted_size: z.int().min(16).max(MAX_BOARD_IMAGE_BYTES),
  sha256_hash: Sha256Hex,
  signature: SignatureText,
  iv: IvText,
  chunk_size: z.literal(BOARD_CHUNK_BYTES),
  total_chunks: z.int().min(1).max(65_535),
}).refine((m) => m.encrypted_size === encryptedSize(m.original_size), "the sizes do not agree")
  .refine(
    (m) => m.total_chunks === chunkCount(m.encrypted_size, m.chunk_size),
    "the chunks do not agree with the size",
  );
export type BoardManifest = Readonly<z.infer<typeof BoardManifest>>;

/** Why an image is not taken, or no longer good. */
export type FirmwareFault =
  | "exists"
  | "keys"
  | "too_large"
  | "empty"
  | "not_a_board_image"
  | "manifest"
  | "sequence"
  | "size"
  | "sha256"
  | "padding"
  | "signature";
