import type { Clock } from "../../platform/clock.ts";

/** Length of a stretch of time in which packets are counted, milliseconds. */
const STRETCH_MS = 10_000;
/** Packets in it that answer ours: a client that reads has to send so many, and they cost little. */
const MOST_ANSWERS = 20_000;
/** Others in it: settings, subscriptions, signs of life. */
const MOST_OTHERS = 500;
/** Topic filters in it, over all subscriptions: for each, all that is retained is gone through. */
const MOST_FILTERS = 1_000;

/** Topic filters that a client may have at the same time. */
const MOST_SUBSCRIPTIONS = 200;
/** Longest of them, characters. */
const MOST_FILTER_CHARS = 256;

/** PUBACK, PUBREC and PUBCOMP (MQTT 3.1.1 §2.2.1). */
const ANSWERS: ReadonlySet<number> = new Set([4, 5, 7]);

/** What one connection may bring, however fast it is: everybody else is served by the same thread. */
export interface ClientPace {
  /** A packet of that type came. `false`: too many for so short a time. */
  packet(type: number): boolean;
  /** It asks for a topic: whether it may have it, or asked so often that its connection is to end. */
  subscribe(filter: string): "granted" | "refused" | "too_often";
  unsubscribe(filter: string): void;
}

export function createClientPace(clock: Pick<Clock, "monotonic">): ClientPace {
  const subscribed = new Set<string>();
  let began = -Infinity;
  let answers = 0;
  let others = 0;
  let filters = 0;
  const count = () => {
    const now = clock.monotonic();
    if (now - began < STRETCH_MS) return;
    began = now;
    answers = others = filters = 0;
  };
  return {
    packet(type) {
      count();
      return ANSWERS.has(type) ? ++answers <= MOST_ANSWERS : ++others <= MOST_OTHERS;
    },
    subscribe(filter) {
      count();
      if (++filters > MOST_FILTERS) return "too_often";
      if (filter.length > MOST_FILTER_CHARS) return "refused";
      if (!subscribed.has(filter) && subscribed.size >= MOST_SUBSCRIPTIONS) return "refused";
      subscribed.add(filter);
      return "granted";
    },
    unsubscribe: (filter) => void subscribed.delete(filter),
  };
}
