import { toHex } from "../../crypto/bytes.ts";
import type { Random } from "../../platform/random.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { readCertificates, readPassword } from "./broker_files.ts";
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
    const { connect } = await import("mqtt");
    const client = connect(url, {
      clientId: `ecowatt-try-${toHex(random.bytes(6))}`,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
      protocolVersion: 4,
      reconnectPeriod: 0,
      timerVariant: "native",
    });
    try {
      return await new Promise((resolve) => {
        let reason = "the connection was closed";
        client.on("error", (error) => reason = error.message === "" ? error.name : error.message);
        client.once("connect", () => resolve(success(undefined)));
        client.once("close", () => resolve(refusal("closed", reason)));
        signal.addEventListener("abort", () => resolve(refusal("late", "no answer in time")), { once: true });
      });
    } finally {
      client.end(true);
    }
  } catch (error) {
    return refusal("files", error instanceof Error ? error.message : String(error));
  }
}
