import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "../../../crypto/bytes.ts";
import { type Check, fail, pass, reasonOf, warn } from "./finding.ts";

/** Below the first nothing is taken in any more (gateway/system/health.ts), below the second it is time to do something. */
const STOP_BYTES = 4 << 20;
const LOW_BYTES = 200 << 20;

/** The disk has room and takes a write. */
export const disk: Check = async ({ dataDir, node, random }) => {
  if (node.kind === "running" && node.status.outbox.diskFault !== undefined) {
    return [fail("disk", `it refuses the node's samples: ${node.status.outbox.diskFault}`, `df -h ${dataDir}`)];
  }
  let free: number;
  try {
    const { bavail, bsize } = await statfs(dataDir);
    free = bavail * bsize;
    await tryWrite(join(dataDir, `.doctor-${toHex(random.bytes(8))}`));
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return [warn("disk", `${dataDir} is not there yet`, "ecowatt init")];
    }
    if (hasCode(error, "EACCES")) return [fail("disk", `this user may not use ${dataDir}`, "sudo ecowatt doctor")];
    return [fail("disk", `${dataDir} takes no write: ${reasonOf(error)}`, `df -h ${dataDir}; ls -ld ${dataDir}`)];
  }
  const room = `${Math.floor(free / 2 ** 20)} MiB free`;
  if (free < STOP_BYTES) {
    return [fail("disk", `${room} in ${dataDir}`, "remove what is not needed, or lower gateway.retention_days")];
  }
  if (free < LOW_BYTES) {
    return [warn("disk", `${room} in ${dataDir}`, "remove what is not needed, or lower gateway.retention_days")];
  }
  return [pass("disk", `${room} in ${dataDir}, a write works`)];
};

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

async function tryWrite(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await file.write(new Uint8Array(4096));
    await file.sync();
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
