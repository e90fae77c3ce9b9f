import type { Bytes } from "../../crypto/bytes.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";

/** Why a text is no Base64. */
type Base64Fault = "base64_alphabet" | "base64_length";

/**
 * Bytes of Base64 as the boards print it: never a `=`, an incomplete last group filled with zero bytes, so that one or
 * two bytes too many may come out. Padded and cut texts of other senders are read too. One pass.
 */
export function decodeBoardBase64(text: string): Outcome<Bytes, Base64Fault> {
  const digits = text.endsWith("==") ? text.length - 2 : text.endsWith("=") ? text.length - 1 : text.length;
  if (digits % 4 === 1) return refusal("base64_length", `${digits} digits are not whole bytes`);
  const bytes = new Uint8Array((digits * 6) >> 3);
  let bits = 0;
  let held = 0;
  let length = 0;
  for (let i = 0; i < digits; i++) {
    const sextet = SEXTETS[text.charCodeAt(i)] ?? FOREIGN;
    if (sextet === FOREIGN) return refusal("base64_alphabet", `character ${i} is not a Base64 digit`);
    held = ((held << 6) | sextet) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = held >> bits;
  }
  return success(bytes);
}

const FOREIGN = 64;

/** Value of a digit by its character code, `FOREIGN` for others (RFC 4648 section 4). */
const SEXTETS = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(String.fromCharCode(code));
  return digit < 0 ? FOREIGN : digit;
});
