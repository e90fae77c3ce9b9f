import type { MqttClient } from "mqtt";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";

/** Connections that end over a subscription, or before they are taken, until it is left out. */
const STRIKES = 2;
/** Time for the answer to a subscription; a broker that gives none is listened to all the same. */
const SUBSCRIBE_MS = 5_000;

/** What a broker does not let the gateway do besides publishing, over all connections. */
export interface BrokerRules {
  /** Whether a last will may be retained, as far as known. */
  keepsWill(): boolean;
  /** The broker took the connection. */
  connected(): void;
  /** The broker ended the connection before it took it. */
  closed(): void;
  /** Subscribes to each topic, one by one; gives the one over which the connection ended, or has to. Never rejects. */
  listen(client: MqttClient, topics: readonly string[]): Promise<string | undefined>;
}

interface BrokerRulesIo {
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Logger;
}

export function createBrokerRules({ clock, log }: BrokerRulesIo): BrokerRules {
  const strikes = new Map<string, number>();
  const told = new Set<string>();
  let closedInARow = 0;
  let keepsWill = true;
  const tell = (refused: readonly string[]) => {
    const news = refused.filter((topic) => !told.has(topic));
    if (news.length === 0) return;
    for (const topic of news) told.add(topic);
    log.warn("mqtt broker lets nobody set anything there: it refuses {topics}, look at its access rules", {
      topics: news.join(", "),
    });
  };
  return {
    keepsWill: () => keepsWill && (closedInARow < STRIKES || closedInARow % 2 === 0),
    connected() {
      if (keepsWill && closedInARow >= STRIKES && closedInARow % 2 === 1) {
        keepsWill = false;
        log.warn("mqtt broker takes no last will that is retained: it goes without");
      }
      closedInARow = 0;
    },
    closed: () => void closedInARow++,
    async listen(client, topics) {
      const refused: string[] = [];
      for (const topic of topics) {
        const strike = strikes.get(topic) ?? 0;
        if (strike >= STRIKES) continue;
        const outcome = await subscribe(client, topic, clock);
        if (outcome === "lost" || outcome === "unreadable") {
          const strikesNow = outcome === "lost" ? strike + 1 : STRIKES;
          strikes.set(topic, strikesNow);
          if (strikesNow >= STRIKES) tell([topic]);
          return topic;
        }
        strikes.delete(topic);
        if (outcome === "refused") refused.push(topic);
      }
      tell(refused);
      return undefined;
    },
  };
}

/** `unreadable`: refused with a code that only MQTT 5 has, such as 0x87, after which the library reads no answer right. */
type Subscribed = "granted" | "refused" | "lost" | "unreadable";

async function subscribe(client: MqttClient, topic: string, clock: Pick<Clock, "sleep">): Promise<Subscribed> {
  const { promise, resolve } = Promise.withResolvers<Subscribed>();
  const lost = () => resolve("lost");
  const odd = ({ message }: Error) => void (/suback/i.test(message) && resolve("unreadable"));
  client.once("close", lost);
  client.on("error", odd);
  client.subscribe(topic, { qos: 1 }, (error) => {
    if (client.connected) resolve(error ? "refused" : "granted");
    else lost();
  });
  const outcome = await within(SUBSCRIBE_MS, promise, { clock });
  client.removeListener("close", lost);
  client.removeListener("error", odd);
  return outcome ?? "granted";
}
