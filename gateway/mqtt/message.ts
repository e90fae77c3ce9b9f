/** What is published, always at QoS 1. */
export interface Message {
  readonly topic: string;
  readonly payload: string;
  /** Kept by the broker for who comes later; an empty payload ends that (MQTT 3.1.1 §3.3.1.3). */
  readonly retain: boolean;
}

/** What came in on a topic the gateway listens to. */
export interface Received {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** It was published some time ago and kept: nobody asks for this now. */
  readonly retained: boolean;
  /** Who published it, as far as the broker tells. */
  readonly who: string;
}

/** A broker that can be reached now. */
export interface Session {
  /** Resolves when the broker has it; rejects when the session ended before that. */
  publish(message: Message): Promise<void>;
  /** Ends it at once. */
  close(): void;
  readonly closed: Promise<void>;
}

/** What a connection to a broker tells. */
export interface LinkEvents {
  opened(session: Session): void;
  received(message: Received): void;
  /** The broker was not reached, or lost. */
  failed(reason: string): void;
  /** Whether the last session ended over a message that is known by now: the broker is there and takes all else. */
  blamed?(): boolean;
  /** What is listened to; `+` stands for one level. */
  readonly topics: readonly string[];
}
