import { toBase64 } from "../../crypto/bytes.ts";
import { chunkSizeOf, type NewFirmware } from "./firmware.ts";
import { chunkCount, encryptedSize, type Manifest, MANIFEST_FORMAT } from "./manifest.ts";
import type { PlainImage } from "../chunks/image_stream.ts";

/** What the maker of an image adds to what its bytes say. */
interface Release extends Pick<NewFirmware, "model" | "version" | "min_version" | "chunk_size" | "audience"> {
  readonly sequence: number;
  readonly iv: Uint8Array;
  /** RSA PKCS#1 v1.5 with SHA-256 over the plain image, unless that is too large. */
  readonly signature: Uint8Array | undefined;
}

/**
 * The manifest of an image that has passed.
 *
 * @example
 * ```ts
 * const image = { size: 100, sha256: "00".repeat(32), first: 0x7f };
 * const common = { model: "ecowatt", version: "1.2.0", audience: "node", sequence: 7 } as const;
 * const manifest = manifestOf(image, { ...common, iv: new Uint8Array(16), signature: new Uint8Array(256) });
 * [manifest.encrypted_size, manifest.chunk_size, manifest.total_chunks]; // => [112, 262_144, 1]
 * ```
 */
export function manifestOf(image: PlainImage, release: Release): Manifest {
  const { model, version, sequence, min_version, signature } = release;
  const chunk_size = chunkSizeOf(release);
  const encrypted_size = encryptedSize(image.size);
  return {
    format: MANIFEST_FORMAT,
    model,
    version,
    sequence,
    original_size: image.size,
    encrypted_size,
    sha256_hash: image.sha256,
    ...(signature === undefined ? {} : { signature: toBase64(signature) }),
    iv: toBase64(release.iv),
    chunk_size,
    total_chunks: chunkCount(encrypted_size, chunk_size),
    ...(min_version === undefined ? {} : { min_version }),
  };
}
