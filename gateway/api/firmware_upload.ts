import { fromBase64 } from "../../crypto/bytes.ts";
import { MAX_IMAGE_BYTES, MAX_MANIFEST_CHARS } from "../../ota/manifest/limits.ts";
import type { FirmwareFault } from "../../ota/manifest/firmware.ts";
import type { Outcome } from "../../protocol/outcome.ts";
import { Fault, type FaultCode } from "../fault.ts";
import { systemClock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";

/** Where the manifest of an upload travels, in Base64: the body is the image. */
export const MANIFEST_HEADER = "x-firmware-manifest";

/** The longest pause of an upload. */
const IDLE_MS = 30_000;

/** Bytes over the image that its encryption may add. */
const MARGIN = 16;

/** Bytes of a piece: what comes in small ones is gathered, as each costs a write. */
const PIECE_BYTES = 256 * 1024;

/** The pieces of an uploaded image, each good until the next is asked for. Throws `Fault`: `unsupported_media_type`, `too_large`, `malformed`. */
export async function* imagePieces(request: Request): AsyncGenerator<Uint8Array> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/octet-stream") {
    throw new Fault("unsupported_media_type", "The body has to be the image, as application/octet-stream");
  }
  if (Number(request.headers.get("content-length") ?? 0) > MAX_IMAGE_BYTES + MARGIN) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return;
  const buffer = new Uint8Array(PIECE_BYTES);
  let size = 0;
  let filled = 0;
  try {
    for (let piece = await arriving(reader); piece; piece = await arriving(reader)) {
      size += piece.length;
      if (size > MAX_IMAGE_BYTES + MARGIN) throw tooLarge();
      for (let rest = piece; rest.length > 0;) {
        const part = rest.subarray(0, PIECE_BYTES - filled);
        buffer.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
        if (filled < PIECE_BYTES) break;
        yield buffer;
        filled = 0;
      }
    }
    yield buffer.subarray(0, filled);
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function arriving(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
  const read = reader.read().catch((cause) => {
    throw new Fault("malformed", "The image ended early", { cause });
  });
  const arrived = await within(IDLE_MS, read, { clock: systemClock });
  if (arrived === undefined) throw new Fault("malformed", "The image did not go on to arrive");
  return arrived.value;
}

function tooLarge(): Fault {
  return new Fault("too_large", "The image is larger than 512 MiB");
}

/** The JSON of the manifest beside an upload; `undefined` when the header is not such. */
export function manifestHeader(request: Request): unknown {
  const header = request.headers.get(MANIFEST_HEADER);
  if (header === null || header.length > 2 * MAX_MANIFEST_CHARS) return undefined;
  const bytes = fromBase64(header);
  try {
    return bytes && JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined; // not UTF-8 or not JSON: the schema says so
  }
}

const CODES: Record<FirmwareFault, FaultCode> = {
  exists: "conflict",
  sequence: "conflict",
  keys: "refused",
  too_large: "too_large",
  empty: "refused",
  not_a_board_image: "refused",
  manifest: "refused",
  size: "refused",
  sha256: "refused",
  padding: "refused",
  signature: "refused",
};

/** The value, or the refusal as a `Fault`. */
export function taken<T>(outcome: Outcome<T, FirmwareFault>): T {
  if (outcome.ok) return outcome.value;
  throw new Fault(CODES[outcome.fault], outcome.detail);
}
