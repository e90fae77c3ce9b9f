import { join } from "node:path";
import { fromHex } from "../crypto/bytes.ts";
import { importHmacKey } from "../crypto/hmac.ts";
import type { DeviceKey } from "../protocol/device_signature.ts";
import type { NodeConfig } from "./config.ts";

/** Bits of a file's mode that let others than its owner in. */
const OTHERS = 0o077;

/** The node's key as its configuration says. Throws an `Error` with one line for people that never shows the key. */
export async function loadDeviceKey(
  config: Pick<NodeConfig, "device_id" | "key" | "key_file" | "key_number">,
  dataDir: string,
): Promise<DeviceKey> {
  const text = config.key ?? await readKeyFile(config.key_file ?? join(dataDir, "device.key"));
  const raw = fromHex(text);
  if (raw === undefined || raw.length !== 32) throw new Error("Cannot use the device key: it is not 64 hex digits");
  return { deviceId: config.device_id, number: config.key_number, hmac: importHmacKey(raw) };
}

async function readKeyFile(path: string): Promise<string> {
  try {
    const { mode } = await Deno.stat(path);
    if (mode !== null && (mode & OTHERS) !== 0) {
      throw new Error(
        `its mode is ${(mode & 0o777).toString(8).padStart(4, "0")}, others can read it; chmod 600 ${path}`,
      );
    }
    const text = (await Deno.readTextFile(path)).trim();
    if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new Error("it does not hold 64 hex digits");
    return text;
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw new Error(`Cannot read the device key ${path}: ${why}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
