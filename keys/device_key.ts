import { join } from "node:path";
import { fromHex } from "../crypto/bytes.ts";
import { importHmacKey } from "../crypto/hmac.ts";
import { readHexKey } from "./secret_file.ts";
import type { DeviceKey } from "../protocol/device_signature.ts";
import type { DeviceId } from "../protocol/device_id.ts";

/** Which key of which device, as a node's configuration says. */
interface DeviceKeyConfig {
  readonly device_id: DeviceId;
  /** Counts from 1. */
  readonly key_number: number;
  /** 64 hex digits. */
  readonly key?: string | undefined;
  /** Where the 64 hex digits are; `device.key` in the data directory when both are left out. */
  readonly key_file?: string | undefined;
}

/** The node's key as its configuration says. Throws an `Error` with one line for people that never shows the key. */
export async function loadDeviceKey(
  config: DeviceKeyConfig,
  dataDir: string,
): Promise<DeviceKey> {
  const text = config.key ?? await readHexKey(config.key_file ?? deviceKeyPath(dataDir));
  const raw = fromHex(text);
  if (raw === undefined || raw.length !== 32) throw new Error("Cannot use the device key: it is not 64 hex digits");
  return { deviceId: config.device_id, number: config.key_number, hmac: await importHmacKey(raw) };
}

/** Where a node looks for its key by itself. */
export function deviceKeyPath(dataDir: string): string {
  return join(dataDir, "device.key");
}
