import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Which folders the code of a folder may import, besides itself. */
export const ALLOWED: Record<string, readonly string[]> = {
  "main.ts": ["cli"],
  cli: ["deno.json", "device", "gateway", "ota", "keys", "protocol", "crypto", "platform"],
  device: ["ota", "keys", "protocol", "crypto", "platform"],
  gateway: ["ota", "keys", "protocol", "crypto", "platform"],
  ota: ["keys", "protocol", "crypto", "platform"],
  keys: ["protocol", "crypto", "platform"],
  protocol: ["crypto", "platform"],
  platform: ["crypto"],
  crypto: [],
};

/** A module as `deno info` tells of it. */
export interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { code?: { specifier: string }; type?: { specifier: string } }[];
}

/** Everything that a program needs, packages included. */
export async function modulesFrom(entry: string): Promise<readonly Module[]> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    stderr: "inherit",
  }).output();
  assert.ok(success);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}
