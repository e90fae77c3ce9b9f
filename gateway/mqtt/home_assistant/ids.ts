import { toHex } from "../../../crypto/bytes.ts";
import { sha256 } from "../../../crypto/sha256.ts";

/** Names that are ids as they are, and that an underscore can tell apart. */
const PLAIN = /^[a-zA-Z0-9-]*$/;

/** How Home Assistant knows a device: letters, digits, `_` and `-`, the same for ever. */
export function deviceId(device: string): string {
  return idOf([device]);
}

/** How Home Assistant knows an inverter of a device. */
export function inverterId(device: string, inverter: string): string {
  return idOf([device, inverter]);
}

/** How Home Assistant knows one of a device's values. */
export function entityKey(name: string): string {
  return idOf([name]).slice(PREFIX.length + 1);
}

const PREFIX = "ecowatt";

/** What is no id as it is gets a digest of the names, so that `a.b` and `a_b` stay two. */
function idOf(names: readonly string[]): string {
  const readable = [PREFIX, ...names.map((name) => name.replaceAll(/[^a-zA-Z0-9_-]/g, "_"))].join("_");
  if (names.every((name) => PLAIN.test(name))) return readable;
  return `${readable}-${toHex(sha256(names.join("\n"))).slice(0, 8)}`;
}
