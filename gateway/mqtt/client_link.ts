import type { IClientOptions, IPublishPacket, MqttClient } from "mqtt";
import type { Logger } from "@logtape/logtape";
import { backoffMs, jittered } from "../../platform/backoff.ts";
import type { Clock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import type { Random } from "../../platform/random.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import { type BrokerRules, createBrokerRules } from "./broker_rules.ts";
import { type BrokerAddress, connectTo } from "./connect.ts";
import type { LinkEvents, Message, Session } from "./message.ts";
import { GATEWAY_STATUS } from "./topics.ts";

interface ClientLinkIo {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const WAIT = { firstMs: 1_000, longestMs: 60_000 } as const;
/** A session that ends sooner counts as a failure: the broker took us and threw us out. */
const STEADY_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 30;
/** Time for the goodbye. */
const GOODBYE_MS = 50;

/** Stays connected to a broker until `signal` aborts, with growing, jittered pauses between failures. Never rejects. */
export async function keepConnected(
  address: BrokerAddress,
  events: LinkEvents,
  { clock, random, log }: ClientLinkIo,
  signal: AbortSignal,
): Promise<void> {
  const broker = address.url;
  const trouble = new RateLimitedLog(log, clock);
  const rules = createBrokerRules({ clock, log });
  for (let failures = 0; !signal.aborted;) {
    const began = clock.monotonic();
    const opened = await openSession(address, events, { clock, rules }, signal);
    if (opened.ok) {
      if (trouble.inARow === 0) log.info("mqtt broker connected {broker}", { broker });
      trouble.ended("mqtt broker connected again {broker}", { broker });
      events.opened(opened.value);
      await opened.value.closed;
      if (!signal.aborted) {
        events.failed("the connection was lost");
        trouble.happened("mqtt broker lost {broker}", { broker });
      }
      const isSteady = clock.monotonic() - began > STEADY_MS || events.blamed?.();
      failures = isSteady ? 0 : failures + 1;
    } else if (!signal.aborted) {
      failures++;
      if (opened.fault === "closed") rules.closed();
      events.failed(opened.detail);
      trouble.happened("mqtt broker not reached {broker}: {reason}", { broker, reason: opened.detail });
    }
    await clock.sleep(pauseMs(failures, random), signal);
  }
}

/** Between half of and the whole of 1 s, 2 s, 4 s … 60 s, so that not all clients of a broker come back at once. */
export function pauseMs(failures: number, { float }: Pick<Random, "float">): number {
  return jittered(backoffMs(WAIT, failures), float());
}

/** What was not acknowledged is kept here and sent again, not in the client or the broker. */
const OPTIONS: IClientOptions = {
  clean: true,
  queueQoSZero: false,
  resubscribe: false,
  keepalive: KEEPALIVE_S,
  connectTimeout: CONNECT_TIMEOUT_MS,
};

async function openSession(
  address: BrokerAddress,
  events: LinkEvents,
  { clock, rules }: Pick<ClientLinkIo, "clock"> & { readonly rules: BrokerRules },
  signal: AbortSignal,
): Promise<Outcome<Session>> {
  const will = { topic: GATEWAY_STATUS, payload: "offline", qos: 1, retain: rules.keepsWill() } as const;
  const opened = await connectTo(address, { ...OPTIONS, will }, signal);
  if (!opened.ok) return opened;
  const client = opened.value;
  rules.connected();
  client.on("message", (topic, payload, { retain }: IPublishPacket) => {
    events.received({ topic, payload, retained: retain, who: "mqtt" });
  });
  const session = sessionOf(client, clock, signal);
  const lostOver = await rules.listen(client, events.topics);
  if (lostOver === undefined) return success(session);
  session.close();
  return refusal("lost", `the connection was closed when ${lostOver} was subscribed to`);
}

function sessionOf(client: MqttClient, clock: Clock, signal: AbortSignal): Session {
  const lost = new Set<(error: Error) => void>();
  const close = () => void client.end(true);
  const closed = new Promise<void>((resolve) => {
    client.once("close", () => {
      signal.removeEventListener("abort", leave);
      close();
      for (const reject of lost) reject(new Error("The connection to the broker ended"));
      resolve();
    });
  });
  /** Says goodbye, so that the broker does not publish the last will; one that does not answer is left without. */
  const leave = async () => {
    client.end(lost.size > 0);
    const isClosed = await within(GOODBYE_MS, closed.then(() => true), { clock });
    if (!isClosed) client.stream.destroy();
  };
  signal.addEventListener("abort", leave, { once: true });
  const publish = ({ topic, payload, retain }: Message) =>
    new Promise<void>((resolve, reject) => {
      lost.add(reject);
      client.publish(topic, payload, { qos: 1, retain }, (error) => {
        lost.delete(reject);
        if (error) reject(error);
        else resolve();
      });
    });
  return { publish, close, closed };
}
