import type { IClientOptions, MqttClient } from "mqtt";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { tlsTrouble } from "./tls_trouble.ts";

/** How to reach a broker. */
export interface BrokerAddress {
  /** `mqtt://…` or `mqtts://…` */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly clientId: string;
  /** PEM certificates; those of the system when left out. */
  readonly ca?: string;
}

/**
 * Connects to a broker once, until `signal` aborts. What keeps it from that is told for people, `stopped` when it was the
 * signal; the client is ended then.
 */
export async function connectTo(
  { url, ...address }: BrokerAddress,
  options: IClientOptions,
  signal: AbortSignal,
): Promise<Outcome<MqttClient>> {
  const { connect } = await import("mqtt"); // only who uses a broker pays for loading it
  if (signal.aborted) return refusal("stopped", "stopping");
  const client = connect(url, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    timerVariant: "native",
    ...address,
    ...options,
  });
  const ready = await connected(client, signal);
  if (ready.ok) {
    client.on("error", () => client.stream.destroy()); // the library reads nothing right after a packet that is malformed
    return success(client);
  }
  client.end(true);
  if (ready.fault !== "closed") return ready;
  return refusal("closed", await tlsTrouble(url, address.ca, signal) ?? ready.detail);
}

function connected(client: MqttClient, signal: AbortSignal): Promise<Outcome<undefined>> {
  return new Promise((resolve) => {
    const settle = (outcome: Outcome<undefined>) => {
      signal.removeEventListener("abort", stopped);
      resolve(outcome);
    };
    const stopped = () => settle(refusal("stopped", "stopping"));
    let refused: Outcome<undefined> = refusal("closed", "the connection was closed");
    client.on("error", ({ message, name }) => refused = refusal("refused", message === "" ? name : message));
    client.once("connect", () => settle(success(undefined)));
    client.once("close", () => settle(refused));
    signal.addEventListener("abort", stopped, { once: true });
  });
}
