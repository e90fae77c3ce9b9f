import { isLoopback } from "../../../gateway/mqtt_config.ts";
import { tryBroker } from "../../../gateway/mqtt/try_broker.ts";
import { type Check, fail, pass, reasonOf, warn } from "./finding.ts";

/** The broker takes our name and password; the embedded one listens. */
export const mqtt: Check = async ({ file, random, signal }) => {
  const { broker, embedded } = file?.gateway?.mqtt ?? {};
  if (broker) {
    const tried = await tryBroker(broker, random, AbortSignal.any([signal, AbortSignal.timeout(8_000)]));
    if (tried.ok) return [pass("mqtt", `${broker.url} takes the gateway`)];
    return [
      fail(
        "mqtt",
        `${broker.url}: ${tried.detail}`,
        "check the address, username and password_file under gateway.mqtt.broker",
      ),
    ];
  }
  if (embedded && embedded.port !== 0) {
    const host = isLoopback(embedded.host) ? embedded.host : "127.0.0.1";
    try {
      (await Deno.connect({ hostname: host, port: embedded.port })).close();
      return [pass("mqtt", `the embedded broker listens on port ${embedded.port}`)];
    } catch (error) {
      return [
        warn("mqtt", `the embedded broker does not listen: ${reasonOf(error)}`, "start the gateway: ecowatt run"),
      ];
    }
  }
  return [];
};
