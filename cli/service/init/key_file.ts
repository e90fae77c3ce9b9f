import { keyIn } from "../../terminal/arguments.ts";
import { toHex } from "../../../crypto/bytes.ts";
import type { Gateway } from "../../../gateway/gateway.ts";
import { exists } from "../../../platform/files.ts";
import { deviceKeyPath } from "../../../keys/device_key.ts";
import { replaceSecretFile } from "../../../keys/secret_file.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { nodeDir } from "../../data_dir.ts";

/** Takes the key that another gateway has given out into the node's own file, mode 0600. */
export async function takeKey(path: string, dataDir: string): Promise<void> {
  await keep(await keyIn(path), dataDir);
}

/**
 * Registers the node with the gateway of this box; nobody sees the key. Gives its number. A device that is known already and
 * has its key here keeps it; without the key here it gets one more.
 */
export async function registerHere({ management }: Gateway, name: string, dataDir: string): Promise<number> {
  const deviceId = DeviceId.parse(name);
  const known = management.listDevices().some((device) => device.deviceId === deviceId);
  if (known && await exists(deviceKeyPath(nodeDir(dataDir)))) {
    return management.keys(deviceId).filter(({ revokedAt }) => revokedAt === undefined).at(-1)?.number ?? 1;
  }
  const { raw, number } = known
    ? await management.issueKey(deviceId)
    : (await management.addDevice({ deviceId, model: "ecowatt-node", auth: "signed" })).key;
  await keep(toHex(raw), dataDir);
  return number;
}

async function keep(key: string, dataDir: string): Promise<void> {
  await Deno.mkdir(nodeDir(dataDir), { recursive: true, mode: 0o700 });
  await replaceSecretFile(deviceKeyPath(nodeDir(dataDir)), key);
}
