import type { Message } from "./message.ts";

/** A message on its way, with its place in the order of all of them. */
export interface Outgoing extends Message {
  readonly number: number;
}

/** Messages that wait for the broker. */
export interface Outbound {
  /**
   * Of retained messages only the newest of a topic waits. The others wait in order; beyond the limit the oldest is dropped
   * and counted.
   */
  put(message: Message): void;
  /** The next to send: retained ones first. */
  take(): Outgoing | undefined;
  /** Puts back what was taken and not delivered, in its old place. */
  giveBack(message: Outgoing): void;
  /** Says that the broker has it. */
  delivered(message: Outgoing): void;
  /** Makes every retained message wait again: another broker, or the same after a restart, may not have them. */
  repeatRetained(): void;
  /** The newest payload of a retained topic. */
  retained(topic: string): string | undefined;
  readonly waiting: number;
  readonly dropped: number;
}

export function createOutbound(limit: number): Outbound {
  const kept = createRetained();
  const queue = createQueue(limit);
  let number = 0;
  return {
    put: (message) => (message.retain ? kept : queue).put({ ...message, number: number++ }),
    take: () => kept.take() ?? queue.take(),
    giveBack: (message) => (message.retain ? kept : queue).giveBack(message),
    delivered: kept.delivered,
    repeatRetained: kept.repeat,
    retained: kept.payload,
    get waiting() {
      return queue.length + kept.waiting;
    },
    get dropped() {
      return queue.dropped;
    },
  };
}

/** Retained messages: the newest of each topic, and whether the broker is still to get it. */
function createRetained() {
  const newest = new Map<string, Outgoing>();
  const unsent = new Set<string>();
  return {
    put(message: Outgoing) {
      newest.set(message.topic, message);
      unsent.add(message.topic);
    },
    take(): Outgoing | undefined {
      const [topic] = unsent;
      if (topic === undefined) return undefined;
      unsent.delete(topic);
      return newest.get(topic);
    },
    giveBack({ topic }: Outgoing) {
      if (newest.has(topic)) unsent.add(topic);
    },
    /** A topic whose end has arrived is forgotten. */
    delivered({ topic, payload, number }: Outgoing) {
      if (payload === "" && newest.get(topic)?.number === number) newest.delete(topic);
    },
    repeat() {
      for (const topic of newest.keys()) unsent.add(topic);
    },
    payload: (topic: string) => newest.get(topic)?.payload,
    get waiting() {
      return unsent.size;
    },
  };
}

/** All others, in their order: beyond the limit the oldest goes. */
function createQueue(limit: number) {
  const queue: Outgoing[] = [];
  let dropped = 0;
  const trim = () => {
    while (queue.length > limit) {
      queue.shift();
      dropped++;
    }
  };
  return {
    put(message: Outgoing) {
      queue.push(message);
      trim();
    },
    take: () => queue.shift(),
    giveBack(message: Outgoing) {
      const place = queue.findIndex((other) => other.number > message.number);
      queue.splice(place < 0 ? queue.length : place, 0, message);
      trim();
    },
    get length() {
      return queue.length;
    },
    get dropped() {
      return dropped;
    },
  };
}
