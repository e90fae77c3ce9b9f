// A gateway's device side in a process of its own, to be killed: gateway_process.ts DIRECTORY DEVICES
import { utf8 } from "../../crypto/bytes.ts";
import { createKeyVault } from "../../keys/key_vault.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { startDeviceGateway } from "./device_gateway.ts";
import { openGatewayStore, register } from "./gateway_store.ts";

/** The test key of the n-th device. */
export function processKey(n: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(32).fill(100 + n);
}

if (import.meta.main) {
  const [directory = "", devices] = Deno.args;
  const store = openGatewayStore(directory, await createKeyVault(new Uint8Array(32).fill(1), systemRandom)); // test master key
  for (let n = 0; n < Number(devices); n++) {
    const deviceId = DeviceId.parse(`node-${n}`);
    if (!store.devices.find(deviceId)) {
      await register(store.devices, { deviceId, model: "node", auth: "signed", key: processKey(n) });
    }
  }
  await Deno.stdout.write(utf8(`${startDeviceGateway({}, store).port}\n`));
}
