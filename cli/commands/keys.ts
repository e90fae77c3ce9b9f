import type { Command } from "commander";
import { toHex } from "../../crypto/bytes.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceDetails, KeySecret, Nothing } from "../client/api_schemas.ts";
import { number } from "../terminal/arguments.ts";
import { type GatewayFlags, gatewayFlags, withGateway } from "../client/gateway_access.ts";
import { DEFAULT_GATEWAY, handover } from "../client/handover.ts";
import type { Terminal } from "../terminal/output.ts";
import { writeNewSecretFile } from "../../keys/secret_file.ts";
import { pathOf } from "../client/device_path.ts";
import { addFirmwareKeys } from "./firmware_keys.ts";

/** Keys of devices. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command("keys").description(
    "make, rotate and revoke the keys of devices, and those of firmware",
  );
  addFirmwareKeys(keys, terminal);
  keys.command("device <file>")
    .description("write a new device key (64 hex digits) to a file of mode 0600 that does not exist yet")
    .option("--json", "as JSON")
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      await writeNewSecretFile(file, toHex(systemRandom.bytes(32)));
      terminal.out(flags.json ? JSON.stringify({ file }) : `A new key is in ${file}`);
    });
  gatewayFlags(keys.command("rotate <device>"))
    .description("issue one more key and print what the device's side needs; the old keys stay valid until revoked")
    .option("--gateway <url>", "address of this gateway as the device sees it", DEFAULT_GATEWAY)
    .action((name: string, flags: GatewayFlags & { gateway: string }) => rotate(name, flags, terminal));
  gatewayFlags(keys.command("revoke <device> <number>"))
    .description("make a key worthless at once")
    .action(async (name: string, keyNumber: string, flags: GatewayFlags) => {
      const path = `${pathOf(name)}/keys/${number(keyNumber)}`;
      await withGateway(flags, (api) => api.call("DELETE", path, Nothing));
      terminal.out(
        flags.json ? JSON.stringify({ revoked: Number(keyNumber) }) : `Key ${keyNumber} of ${name} is revoked`,
      );
    });
}

async function rotate(name: string, flags: GatewayFlags & { gateway: string }, terminal: Terminal): Promise<void> {
  const { device, secret } = await withGateway(flags, async (api) => ({
    device: await api.call("GET", pathOf(name), DeviceDetails),
    secret: await api.call("POST", `${pathOf(name)}/keys`, KeySecret),
  }));
  terminal.out(flags.json ? JSON.stringify(secret) : handover(device, secret, flags.gateway));
}
