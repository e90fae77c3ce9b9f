import { utf8 } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import type { RateLimitedWarnings } from "../../platform/rate_limited_warnings.ts";
import type { Message } from "./message.ts";

/** Times that the connection ends over a message that was alone under way, after which that message is why. */
const STRIKES = 2;
/** Topics of one first level that are denied before all of it is, where nothing was ever taken. */
const LEVEL_TOPICS = 2;
/** After so long it is tried again whether a topic is denied still. */
const RETRY_MS = 6 * 3_600_000;

interface Suspect {
  strikes: number;
  /** It is tried without being retained: some brokers keep nothing. */
  unretained: boolean;
}

interface DeniedTopicsIo {
  readonly clock: Pick<Clock, "monotonic">;
  readonly warn: RateLimitedWarnings;
}

/**
 * Finds out what a broker ends the connection over, and has it left out: topics that its rules deny, messages that are too
 * long for it, retained messages. MQTT 3.1.1 has no other way to refuse a message (§3.3.5).
 */
export class DeniedTopics {
  readonly #io: DeniedTopicsIo;
  readonly #suspects = new Map<string, Suspect>();
  /** Since when each is left out. */
  readonly #denied = new Map<string, number>();
  /** First levels of what the broker took. */
  readonly #taken = new Set<string>();
  #keepsNothing = false;
  #blamed = false;

  constructor(io: DeniedTopicsIo) {
    this.#io = io;
  }

  /** The message as this broker takes it; `undefined`: it is left out. */
  admit(message: Message): Message | undefined {
    const { topic } = message;
    this.#tryAgain(topic);
    if (this.#denied.has(topic) || this.#isDenied(levelOf(topic))) return undefined;
    const retain = message.retain && !this.#keepsNothing && this.#suspects.get(topic)?.unretained !== true;
    return { ...message, retain };
  }

  /** Whether it has to be sent alone, so that it is known what the broker ended the connection over. */
  isSuspect(topic: string): boolean {
    return this.#suspects.has(topic);
  }

  /** How often the connection ended over it alone. */
  strikesOf(topic: string): number {
    return this.#suspects.get(topic)?.strikes ?? 0;
  }

  delivered({ topic, retain }: Message): void {
    this.#taken.add(levelOf(topic));
    const found = retain && this.#suspects.get(topic)?.unretained === true && !this.#keepsNothing;
    this.#suspects.delete(topic);
    if (!found) return;
    this.#keepsNothing = true;
    this.#io.warn("mqtt broker keeps no messages: who comes later hears nothing until the next one", {});
  }

  /** The connection ended while these were under way. */
  broke(underWay: readonly Message[]): void {
    const [message] = underWay;
    const suspect = message && this.#suspects.get(message.topic);
    this.#blamed = underWay.length === 1 && suspect !== undefined;
    if (message && suspect && this.#blamed) return this.#strike(message, suspect);
    for (const { topic } of underWay) {
      if (!this.#suspects.has(topic)) this.#suspects.set(topic, { strikes: 0, unretained: false });
    }
  }

  /** Whether the connection ended last over a message that is known: it need not be waited for long. */
  blamed(): boolean {
    return this.#blamed;
  }

  /** What is left out, for people. */
  trouble(): string | undefined {
    const names = [...this.#denied.keys()].map((topic) => this.#nameOf(topic));
    return names.length === 0 ? undefined : `the broker does not take ${[...new Set(names)].join(", ")}`;
  }

  #strike(message: Message, suspect: Suspect): void {
    const level = levelOf(message.topic);
    const sibling = !this.#taken.has(level) && this.#deniedOf(level).length > 0;
    suspect.strikes++;
    if (suspect.strikes < STRIKES && !sibling) return;
    if (message.retain && !this.#keepsNothing && !suspect.unretained && !sibling) suspect.unretained = true;
    else this.#deny(message);
  }

  #deny({ topic, payload }: Message): void {
    const told = this.#isDenied(levelOf(topic));
    this.#suspects.delete(topic);
    this.#denied.set(topic, this.#io.clock.monotonic());
    if (told) return;
    const fields = { topic: this.#nameOf(topic), bytes: utf8(payload).length };
    const text = "mqtt broker ends the connection over {topic} ({bytes} bytes): left out, look at its access rules";
    this.#io.warn(text, fields, { cause: fields.topic });
  }

  /** Rules change: after some hours one message finds out. */
  #tryAgain(topic: string): void {
    const level = levelOf(topic);
    const all = this.#isDenied(level) ? this.#deniedOf(level) : [topic];
    const since = Math.max(...all.map((one) => this.#denied.get(one) ?? Infinity));
    if (this.#io.clock.monotonic() - since < RETRY_MS) return;
    for (const one of all) this.#denied.delete(one);
    this.#suspects.set(topic, { strikes: STRIKES - 1, unretained: true });
  }

  #nameOf(topic: string): string {
    return this.#isDenied(levelOf(topic)) ? `${levelOf(topic)}/#` : topic;
  }

  #isDenied(level: string): boolean {
    return !this.#taken.has(level) && this.#deniedOf(level).length >= LEVEL_TOPICS;
  }

  #deniedOf(level: string): readonly string[] {
    return [...this.#denied.keys()].filter((topic) => levelOf(topic) === level);
  }
}

function levelOf(topic: string): string {
  return topic.split("/")[0] ?? "";
}
