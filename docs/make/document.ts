import { getLogger } from "@logtape/logtape";
import { GatewayConfig } from "../../gateway/config.ts";
import { startGateway } from "../../gateway/gateway.ts";
import type { Document } from "../../gateway/api/document/operations.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";

/** The API document as a running gateway gives it. */
export async function readDocument(): Promise<Document> {
  const dataDir = await Deno.makeTempDir();
  try {
    const io = { dataDir, clock: systemClock, random: systemRandom, log: getLogger(["docs"]), version: "1.0.0" };
    await using gateway = await startGateway(GatewayConfig.parse({ port: 0 }), io);
    const { secret } = await gateway.management.createToken({ name: "docs", role: "viewer" });
    const headers = { authorization: `Bearer ${secret}` };
    return await (await fetch(`${gateway.url}/api/v1/openapi.json`, { headers })).json();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
