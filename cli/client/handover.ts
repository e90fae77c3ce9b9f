import type { DeviceInfo, KeySecret } from "./api_schemas.ts";

/** Where the other side finds this gateway when nobody said. */
export const DEFAULT_GATEWAY = "http://127.0.0.1:8080";

type Named = Pick<DeviceInfo, "device_id" | "auth" | "wire_id">;

/** What the device's side needs to speak to the gateway: the configuration of a node, or a header for a board. */
export function handover(device: Named, secret: KeySecret, gateway: string): string {
  return device.auth === "legacy" ? cHeader(device, secret, gateway) : nodeYaml(device, secret, gateway);
}

/** A complete `ecowatt.yaml`; only the bus is an example. */
export function nodeYaml(device: Named, secret: KeySecret, gateway: string): string {
  return `# EcoWatt node "${device.device_id}". It holds the device's key: keep the file's mode at 0600.
node:
  device_id: ${JSON.stringify(device.device_id)}
  gateway: ${gateway}
  key: "${secret.key}"
  key_number: ${secret.number}
  buses:
    - name: inverters
      tcp: { host: 127.0.0.1, port: 5020 }
      # serial: { path: /dev/serial/by-id/…, baud: 9600 }
      inverters:
        - { name: inverter, unit: 17, profile: ecowatt }`;
}

/** The key as an ESP32 board's sources take it in. */
export function cHeader(device: Named, secret: KeySecret, gateway: string): string {
  const hex = secret.key;
  const bytes = hex.match(/../g)?.map((byte) => `0x${byte}`) ?? [];
  const rows = [0, 8, 16, 24].map((start) => `    ${bytes.slice(start, start + 8).join(", ")},`);
  return `// EcoWatt board "${device.device_id}", key ${secret.number}. Keep it out of version control.
#pragma once

#define ECOWATT_SERVER_URL "${gateway}"
#define ECOWATT_DEVICE_ID "${device.wire_id ?? device.device_id}"

// HMAC-SHA256 key of uploads: 32 bytes, and the same in hex digits.
static const unsigned char ECOWATT_PSK[32] = {
${rows.join("\n")}
};
#define HMAC_PSK "${hex}"`;
}
