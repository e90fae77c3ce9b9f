import { join } from "node:path";
import type { Gateway } from "../../../gateway/gateway.ts";
import { exists } from "../../../platform/files.ts";
import { toHex } from "../../../crypto/bytes.ts";
import { deviceKeyPath } from "../../../keys/device_key.ts";
import { readSecretFile, replaceSecretFile } from "../../../keys/secret_file.ts";
import { Fault } from "../../../gateway/fault.ts";
import { DeviceId } from "../../../protocol/device_id.ts";

/** The demo's device, as the gateway knows it. */
export const DEMO_DEVICE = DeviceId.parse("demo");

/** The files of a demo. */
export interface DemoFiles {
  readonly config: string;
  readonly deviceKey: string;
  readonly viewerToken: string;
}

/** Where a demo keeps what its parts and its visitors need. */
export function demoFiles(folder: string): DemoFiles {
  return {
    config: join(folder, "ecowatt.yaml"),
    deviceKey: deviceKeyPath(folder),
    viewerToken: join(folder, "viewer.token"),
  };
}

/** Registers the demo's node unless that was done before; its key is in a file of mode 0600. Gives the key's number. */
export async function registerDevice({ management }: Gateway, files: DemoFiles): Promise<number> {
  const known = management.listDevices().some(({ deviceId }) => deviceId === DEMO_DEVICE);
  if (known && await exists(files.deviceKey)) {
    return management.keys(DEMO_DEVICE).filter(({ revokedAt }) => revokedAt === undefined).at(-1)?.number ?? 1;
  }
  const key = known
    ? await management.resetDevice(DEMO_DEVICE)
    : (await management.addDevice({ deviceId: DEMO_DEVICE, model: "ecowatt-node", auth: "signed" })).key;
  if (key === undefined) throw new Fault("conflict", "The demo's device is not its own");
  await replaceSecretFile(files.deviceKey, toHex(key.raw));
  return key.number;
}

/** A viewer's token in a file of mode 0600, the one of an earlier start where it still is. */
export async function viewerToken({ management }: Gateway, files: DemoFiles): Promise<string> {
  if (await exists(files.viewerToken)) return await readSecretFile(files.viewerToken);
  const { secret } = await management.createToken({ name: "demo", role: "viewer" });
  await replaceSecretFile(files.viewerToken, secret);
  return secret;
}

/** The demo as a configuration file: what a real box would have, with the simulated inverter on its bus. */
export function demoYaml(
  options: { folder: string; gateway: string; port: number; keyNumber: number; line: string },
): string {
  return `# Written by "ecowatt demo" at its start.
data_dir: ${JSON.stringify(options.folder)}
gateway:
  port: ${options.port}
node:
  device_id: ${DEMO_DEVICE}
  gateway: ${options.gateway}
  key_file: ${JSON.stringify(demoFiles(options.folder).deviceKey)}
  key_number: ${options.keyNumber}
  poll_interval: 1s
  upload_interval: 2s
  buses:
    - name: simulator
      ${options.line}
      inverters:
        - { name: inverter, unit: 17, profile: ecowatt }
`;
}
