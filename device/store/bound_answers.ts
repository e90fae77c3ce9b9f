import type { DatabaseSync } from "node:sqlite";
import { toHex } from "../../crypto/bytes.ts";
import { hmacSha256 } from "../../crypto/hmac.ts";
import type { DeviceKey } from "../../protocol/device_signature.ts";
import type { BoundAnswers } from "../uplink/gateway_client.ts";

/** Table of the keys with which a gateway gave a bound answer, in the node's database. */
export const SCHEMA = `
  CREATE TABLE bound_answer (
    key TEXT PRIMARY KEY -- fingerprint; who has the key is this gateway, at whatever address
  ) STRICT, WITHOUT ROWID;
`;

/** Bytes of a fingerprint: enough to tell apart the keys that one node ever has. */
const FINGERPRINT_BYTES = 16;

/** Whether the gateway that has `key` ever bound an answer to its request, over restarts. */
export async function openBoundAnswers(db: DatabaseSync, key: DeviceKey): Promise<BoundAnswers> {
  const fingerprint = toHex((await hmacSha256(key.hmac, "ecowatt bound answers")).subarray(0, FINGERPRINT_BYTES));
  const put = db.prepare("INSERT INTO bound_answer VALUES (?) ON CONFLICT DO NOTHING");
  let kept = db.prepare("SELECT 1 FROM bound_answer WHERE key = ?").get(fingerprint) !== undefined;
  let seen = kept;
  return {
    seen: () => seen,
    saw() {
      seen = true;
      if (kept) return;
      try {
        put.run(fingerprint);
        kept = true;
      } catch {
        // A full disk: this run knows it, and the next answer is written down.
      }
    },
  };
}
