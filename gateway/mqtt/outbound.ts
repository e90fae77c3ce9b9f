import type { Message } from "./message.ts";

/** A message on its way, with its place in the order of all of them. */
export interface Outgoing extends Message {
  readonly number: number;
}

/** Messages that wait for the broker. */
interface Outbound {
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
  const retained = new Map<string, Outgoing>();
  const unsent = new Set<string>();
  const queue: Outgoing[] = [];
  let number = 0;
  let dropped = 0;

  const trim = () => {
    while (queue.length > limit) {
      queue.shift();
      dropped++;
    }
  };
  return {
    put(message) {
      const outgoing = { ...message, number: number++ };
      if (message.retain) {
        retained.set(message.topic, outgoing);
        unsent.add(message.topic);
      } else {
        queue.push(outgoing);
        trim();
      }
    },
    take() {
      for (const topic of unsent) {
        unsent.delete(topic);
        return retained.get(topic);
      }
      return queue.shift();
    },
    giveBack(message) {
      if (message.retain) {
        if (retained.has(message.topic)) unsent.add(message.topic);
        return;
      }
      const place = queue.findIndex((other) => other.number > message.number);
      queue.splice(place < 0 ? queue.length : place, 0, message);
      trim();
    },
    delivered({ topic, payload, number }) {
      if (payload === "" && retained.get(topic)?.number === number) retained.delete(topic);
    },
    repeatRetained() {
      for (const topic of retained.keys()) unsent.add(topic);
    },
    retained: (topic) => retained.get(topic)?.payload,
    get waiting() {
      return queue.length + unsent.size;
    },
    get dropped() {
      return dropped;
    },
  };
}
