import type { Clock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";
import type { PublisherStats } from "../system/mqtt_link.ts";
import type { DeniedTopics } from "./denied_topics.ts";
import type { Message, Session } from "./message.ts";
import { createOutbound, type Outbound, type Outgoing } from "./outbound.ts";

/** Messages that may be under way to the broker at once; brokers take 20 to 65,535 by default. */
const WINDOW = 16;

/** Sends messages while there is a session and keeps them while there is none. */
export interface Publisher {
  /** Never waits and never fails. */
  put(message: Message): void;
  /** Uses this session until it ends. */
  use(session: Session): void;
  /** The newest payload of a retained topic; `undefined` when there is none, or it was ended. */
  retained(topic: string): string | undefined;
  /** Sends all that is retained again. */
  repeat(): void;
  /** Resolves when everything was delivered, when there is no session, or after `ms`. */
  drain(ms: number): Promise<void>;
  stats(): PublisherStats;
}

interface PublisherIo {
  readonly denied: DeniedTopics;
  readonly clock: Pick<Clock, "sleep">;
}

/** `limit`: messages that may wait, those that are retained not counted. */
export function createPublisher(limit: number, { denied, clock }: PublisherIo): Publisher {
  const outbound = createOutbound(limit);
  const delivery = new Delivery(outbound, denied, createSuspects(limit));
  return {
    put(message) {
      outbound.put(message);
      delivery.pump();
    },
    use(opened) {
      outbound.repeatRetained();
      delivery.use(opened);
    },
    retained: outbound.retained,
    repeat() {
      outbound.repeatRetained();
      delivery.pump();
    },
    async drain(ms) {
      await within(ms, delivery.idle(), { clock });
    },
    stats: () => {
      const { connected, published, underWay } = delivery.stats();
      return { connected, published, dropped: outbound.dropped, waiting: outbound.waiting + underWay };
    },
  };
}

type Suspects = ReturnType<typeof createSuspects>;

/** Messages that a connection may have ended over: they are sent one by one, after all else. */
function createSuspects(limit: number) {
  const waiting: Outgoing[] = [];
  return {
    get count() {
      return waiting.length;
    },
    get full() {
      return waiting.length > limit;
    },
    add(message: Outgoing) {
      const older = waiting.findIndex(({ topic }) => message.retain && topic === message.topic);
      if (older >= 0) waiting.splice(older, 1);
      waiting.push(message);
    },
    /** The one that is most likely it: so it is soon known. */
    next(strikesOf: (topic: string) => number) {
      const strikes = waiting.map(({ topic }) => strikesOf(topic));
      return waiting.splice(strikes.indexOf(Math.max(...strikes)), 1)[0];
    },
    giveBack(outbound: Outbound) {
      for (const message of waiting.splice(0)) outbound.giveBack(message);
    },
  };
}

/** Takes messages out and gives them to a session, some at once. */
class Delivery {
  readonly #outbound: Outbound;
  readonly #denied: DeniedTopics;
  readonly #suspects: Suspects;
  readonly #underWay = new Set<Outgoing>();
  #session: Session | undefined;
  #published = 0;
  /** A suspect is under way. */
  #alone = false;
  #whenIdle: (() => void) | undefined;

  constructor(outbound: Outbound, denied: DeniedTopics, suspects: Suspects) {
    this.#outbound = outbound;
    this.#denied = denied;
    this.#suspects = suspects;
  }

  use(opened: Session): void {
    this.#session = opened;
    void opened.closed.then(() => this.#lose(opened));
    this.pump();
  }

  /** Sends what waits, as far as the window allows. */
  pump(): void {
    while (this.#session && !this.#alone && !this.#suspects.full && this.#underWay.size < WINDOW) {
      const next = this.#outbound.take();
      if (next === undefined) break;
      if (this.#denied.isSuspect(next.topic)) this.#suspects.add(next);
      else void this.#send(this.#session, next);
    }
    while (this.#session && this.#underWay.size === 0) {
      const suspect = this.#suspects.next((topic) => this.#denied.strikesOf(topic));
      if (suspect === undefined) break;
      this.#alone = true;
      void this.#send(this.#session, suspect);
    }
    if (this.#underWay.size === 0) this.#whenIdle?.();
  }

  /** Resolves when nothing is under way, or there is no session. */
  async idle(): Promise<void> {
    if (this.#session === undefined || this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle = resolve);
  }

  stats() {
    const underWay = this.#underWay.size + this.#suspects.count;
    return { connected: this.#session !== undefined, published: this.#published, underWay };
  }

  async #send(to: Session, message: Outgoing): Promise<void> {
    const admitted = this.#denied.admit(message);
    this.#underWay.add(message);
    try {
      if (admitted) await this.#publish(to, message, admitted);
      this.#outbound.delivered(message);
    } catch {
      this.#outbound.giveBack(message);
      this.#lose(to);
    }
    this.#underWay.delete(message);
    this.#alone = false;
    if (admitted) this.pump();
  }

  async #publish(to: Session, message: Outgoing, admitted: Message): Promise<void> {
    await to.publish(admitted);
    this.#published++;
    this.#denied.delivered(message);
  }

  #lose(lost: Session): void {
    if (this.#session === lost) {
      this.#session = undefined;
      this.#denied.broke([...this.#underWay]);
      this.#suspects.giveBack(this.#outbound);
    }
    lost.close();
    this.#whenIdle?.();
  }
}
