import assert from "node:assert/strict";
import { utf8 } from "../../crypto/bytes.ts";
import { type HmacKey, importHmacKey } from "../../crypto/hmac.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import {
  type DeviceKey,
  parseSignedRequest,
  type RequestToSign,
  signRequest,
  type VerifiedRequest,
  verifySignedRequest,
} from "../../protocol/device_signature.ts";

const testHmac = await importHmacKey(utf8("test-key"));

export function testKey(deviceId = "node-1", number = 1, hmac: HmacKey = testHmac): DeviceKey {
  return { deviceId: DeviceId.parse(deviceId), number, hmac };
}

export const URL = "http://gateway.example:8080/process?x=1";
export const BODY = utf8('{"device_id":"node-1"}');

export function request(change: Partial<RequestToSign> = {}): RequestToSign {
  return { method: "POST", url: URL, body: BODY, sequence: 7, created: 1_750_000_000, ...change };
}

/** What the gateway decides on a request as it was received. */
export async function receive(
  received: { method?: string; url?: string; headers: HeadersInit; body?: Uint8Array },
  key: DeviceKey | undefined = testKey(),
) {
  const { method = "POST", url = URL, body = BODY } = received;
  const claim = parseSignedRequest({ method, url, fields: new Headers(received.headers) });
  return claim.ok ? await verifySignedRequest(claim.value, body, key) : claim;
}

export function fault(outcome: Awaited<ReturnType<typeof receive>>): string {
  return outcome.ok ? "ok" : outcome.fault;
}

export async function verified(key = testKey()): Promise<VerifiedRequest> {
  const outcome = await receive({ headers: (await signRequest(key, request())).headers }, key);
  assert.ok(outcome.ok);
  return outcome.value;
}
