import type { Clock } from "../../platform/clock.ts";
import type { MqttConfig } from "../mqtt_config.ts";
import type { LinkEvents } from "./message.ts";
import type { MqttLink } from "../system/mqtt_link.ts";

/** Remembers how a link is doing; hand its events on to `events`. */
export function trackLink(events: LinkEvents, clock: Pick<Clock, "now">) {
  let since = clock.now();
  let trouble: string | undefined;
  const tracked: LinkEvents = {
    ...events,
    opened(session) {
      since = clock.now();
      trouble = undefined;
      events.opened(session);
      void session.closed.then(() => since = clock.now());
    },
    failed(reason) {
      trouble = reason;
      events.failed(reason);
    },
  };
  return { events: tracked, state: () => ({ since, trouble }) };
}

/** Where a configuration leads; `port` is where the embedded broker listens. */
export function linkOf(
  { broker, embedded, home_assistant }: MqttConfig,
  port: number | undefined,
): Pick<MqttLink, "kind" | "address" | "tls" | "homeAssistant"> {
  const homeAssistant = home_assistant.enabled;
  if (broker) return { kind: "client", address: broker.url, tls: broker.url.startsWith("mqtts:"), homeAssistant };
  return { kind: "embedded", address: `${embedded?.host ?? ""}:${port ?? 0}`, tls: false, homeAssistant };
}
