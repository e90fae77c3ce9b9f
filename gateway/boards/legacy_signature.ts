import { type Bytes, concat, fromHex } from "../../crypto/bytes.ts";
import { type HmacKey, hmacSha256, verifyHmacSha256 } from "../../crypto/hmac.ts";
import type { Fields } from "../../crypto/message_signature.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";

/** What an upload of an ESP32 board says of itself. Nothing of it is proven: try it with the keys of all boards. */
interface LegacyClaim {
  /** `X-Sequence-Number`, a uint32; 0 is a board's first. */
  readonly sequence: number;
  readonly mac: Bytes;
}

const MAX_SEQUENCE = 0xffff_ffff;

/** Reads the two header fields of the boards' scheme: decimal digits only, and 64 hex digits of either case. */
export function parseLegacySignature(fields: Fields): Outcome<LegacyClaim, "malformed"> {
  const sequence = parseSequence(fields.get("x-sequence-number"));
  if (sequence === undefined) return refusal("malformed", "X-Sequence-Number is missing or not a uint32");
  const mac = fromHex(fields.get("x-hmac-sha256") ?? "");
  if (mac?.length !== 32) return refusal("malformed", "X-HMAC-SHA256 is missing or not 64 hex digits");
  return success({ sequence, mac });
}

/** Whether `key` made this upload: HMAC-SHA256 over the body as received and the sequence as 4 bytes, big-endian. */
export function verifyLegacySignature(claim: LegacyClaim, body: Uint8Array, key: HmacKey): Promise<boolean> {
  return verifyHmacSha256(key, signedBytes(body, claim.sequence), claim.mac);
}

/** The code that a board puts into `X-HMAC-SHA256`, as 32 bytes. */
export function legacySignature(key: HmacKey, body: Uint8Array, sequence: number): Promise<Bytes> {
  return hmacSha256(key, signedBytes(body, sequence));
}

function signedBytes(body: Uint8Array, sequence: number): Bytes {
  const tail = new Uint8Array(4);
  new DataView(tail.buffer).setUint32(0, sequence);
  return concat(body, tail);
}

/** Leading zeros pass: a board never sends them, and they name the same number. Ten digits hold every uint32. */
function parseSequence(digits: string | null): number | undefined {
  if (digits === null || !/^[0-9]{1,10}$/.test(digits)) return undefined;
  const sequence = Number(digits);
  return sequence <= MAX_SEQUENCE ? sequence : undefined;
}
