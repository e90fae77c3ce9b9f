import type { DeviceInfo, KeySecret } from "./api_schemas.ts";

/** Where the other side finds this gateway when nobody said. */
export const DEFAULT_GATEWAY = "http://127.0.0.1:8080";

type Named = Pick<DeviceInfo, "device_id" | "auth" | "wire_id">;

/** What the device's side needs to speak to the gateway: the configuration of a node, or a header for a board. */
export function handover(device: Named, secret: KeySecret, gateway: string): string {
  return device.auth === "legacy" ? cHeader(device, secret, gateway) : nodeYaml(device, secret, gateway);
}

/** A complete `ecowatt.yaml`; only the bus is an example. */
function nodeYaml(device: Named, secret: KeySecret, gateway: string): string {
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

/** Where the addresses of the server stand in the boards' `main.cpp`, which reads no header for them. */
const ADDRESS_LITERALS = [
  ["dataPostURL", "/process"],
  ["fetchChangesURL", "/changes"],
  ["new OTAManager(", ""],
  ["reportURL", "/config/report"],
  ["getCommandsURL", "/command/get"],
  ["reportURL", "/command/report"],
] as const;

/** `include/application/credentials.h` of the boards' firmware, with the board's own key. */
function cHeader(device: Named, secret: KeySecret, gateway: string): string {
  const hex = secret.key;
  const bytes = hex.match(/../g)?.map((byte) => `0x${byte}`) ?? [];
  const rows = [0, 8, 16, 24].map((start) => `    ${bytes.slice(start, start + 8).join(", ")},`);
  const literals = ADDRESS_LITERALS.map(([name, path]) => `//   ${name.padEnd(16)} "${gateway}${path}"`);
  return `// EcoWatt board "${device.device_id}", key ${secret.number}. Keep it out of version control.
// It takes the place of include/application/credentials.h in the board's sources.
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <stdint.h>

#define WIFI_SSID "your network"
#define WIFI_PASSWORD "its password"

// src/main.cpp does not use this one: it has the address six times as text. Change all of them there, to
${literals.join("\n")}
#define FLASK_SERVER_URL "${gateway}"

// What the board calls itself, in its sources: ${device.wire_id ?? device.device_id}

// HMAC-SHA256 key of uploads, in hex digits:
// ${hex}
static const uint8_t HMAC_PSK[32] = {
${rows.join("\n")}
};

#endif`;
}
