import { toBase64 } from "../../crypto/bytes.ts";
import type { Random } from "../../platform/random.ts";

/** 72 random bits: nobody guesses it, no gateway gives it twice, and boards echo it in 12 characters. */
const ID_BYTES = 9;

/**
 * The name of a new command: Base64 for URLs (RFC 4648 §5), without padding since the length is a multiple of three. No dash
 * comes first: on a command line it would be an option.
 */
export function newCommandId(random: Pick<Random, "bytes">): string {
  return toBase64(random.bytes(ID_BYTES)).replaceAll("+", "-").replaceAll("/", "_").replace(/^-/, "_");
}
