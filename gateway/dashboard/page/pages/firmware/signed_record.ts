/** The signed record of an image, as `ecowatt firmware sign` writes it. Only the gateway can say whether to believe it. */
export interface SignedRecord {
  /** What travels beside the image: Base64 of the file. */
  readonly header: string;
  /** What it says of the image. */
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly size: number;
}

/** More than a record can have. */
const MAX_BYTES = 16_384;

/** Reads a record; `undefined` for a file that is none. */
export async function readRecord(file: Blob): Promise<SignedRecord | undefined> {
  if (file.size > MAX_BYTES) return undefined;
  const text = await file.text();
  try {
    const { manifest, manifest_signature } = JSON.parse(text);
    const { model, version, sequence, original_size: size } = JSON.parse(manifest);
    const names = [manifest_signature, model, version].every((value) => typeof value === "string");
    const numbers = [sequence, size].every((value) => Number.isSafeInteger(value));
    return names && numbers ? { header: base64(text), model, version, sequence, size } : undefined;
  } catch {
    return undefined; // not JSON: no record
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
