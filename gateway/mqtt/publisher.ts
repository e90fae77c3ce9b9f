import type { Clock } from "../../platform/clock.ts";
import { within } from "../../platform/deadline.ts";
import type { PublisherStats } from "../system/mqtt_link.ts";
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

/** `limit`: messages that may wait, those that are retained not counted. */
export function createPublisher(limit: number, clock: Pick<Clock, "sleep">): Publisher {
  const outbound = createOutbound(limit);
  const delivery = createDelivery(outbound);
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

/** What takes messages out and gives them to a session, some at once. */
interface Delivery {
  use(session: Session): void;
  /** Sends what waits, as far as the window allows. */
  pump(): void;
  /** Resolves when nothing is under way, or there is no session. */
  idle(): Promise<void>;
  stats(): { readonly connected: boolean; readonly published: number; readonly underWay: number };
}

function createDelivery(outbound: Outbound): Delivery {
  const underWay = new Set<Outgoing>();
  let session: Session | undefined;
  let published = 0;
  let whenIdle: (() => void) | undefined;

  const lose = (lost: Session) => {
    if (session === lost) session = undefined;
    lost.close();
    whenIdle?.();
  };
  const send = async (to: Session, message: Outgoing) => {
    underWay.add(message);
    try {
      await to.publish(message);
      published++;
      outbound.delivered(message);
    } catch {
      outbound.giveBack(message);
      lose(to);
    }
    underWay.delete(message);
    pump();
  };
  const pump = () => {
    while (session !== undefined && underWay.size < WINDOW) {
      const next = outbound.take();
      if (next === undefined) break;
      void send(session, next);
    }
    if (underWay.size === 0) whenIdle?.();
  };
  return {
    use(opened) {
      session = opened;
      void opened.closed.then(() => lose(opened));
      pump();
    },
    pump,
    async idle() {
      if (session !== undefined && underWay.size > 0) await new Promise<void>((resolve) => whenIdle = resolve);
    },
    stats: () => ({ connected: session !== undefined, published, underWay: underWay.size }),
  };
}
