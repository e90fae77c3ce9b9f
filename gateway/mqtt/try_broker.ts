import { toHex } from "../../crypto/bytes.ts";
import type { Random } from "../../platform/random.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { connectTo } from "./connect.ts";
import { readPassword } from "./broker_files.ts";
import { readCertificates } from "../../platform/certificates.ts";
import type { BrokerConfig } from "../mqtt_config.ts";

/** Whether a broker takes the gateway's name and password; nothing is published, no session is kept. Never rejects. */
export async function tryBroker(
  config: BrokerConfig,
  random: Pick<Random, "bytes">,
  signal: AbortSignal,
): Promise<Outcome<undefined>> {
  const { url, username, ca_file: caFile } = config;
  try {
    const password = await readPassword(config);
    const ca = caFile === undefined ? undefined : await readCertificates(caFile);
    const address = {
      url,
      clientId: `ecowatt-try-${toHex(random.bytes(6))}`,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
    };
    const opened = await connectTo(address, {}, signal);
    if (!opened.ok) return opened.fault === "stopped" ? refusal("late", "no answer in time") : opened;
    opened.value.end(true);
    return success(undefined);
  } catch (error) {
    return refusal("files", error instanceof Error ? error.message : String(error));
  }
}
