import type { Bytes } from "../../crypto/bytes.ts";
import { systemClock } from "../../platform/clock.ts";
import { HttpMessages, latin1, statusOf, writeAll } from "../fakes/http_messages.ts";
import type { Chance } from "../model/simulation.ts";

/** A request as it was on the line. */
interface Captured {
  readonly bytes: Bytes;
  /** Times that the gateway took it: answered anything but "not authentic" and "not now". */
  taken: number;
}

/** What the client is given; the connection ends after a part. */
type Given = { readonly bytes: Bytes; readonly cut?: boolean } | undefined;

const REFUSED = new Set([401, 503]);

/** Milliseconds by which a message may be late. */
const LONGEST_DELAY_MS = 1_500;
/** Some of them are asked to wait by the gateway, until another one does. */
const REPLAYED_AT_ONCE = 16;

/** How likely it is that a request has a fault, and that another one is replayed behind it. */
const FAULTY = 0.5;
const REPLAYED = 0.3;

const FAULTS = [
  "request lost",
  "answer lost",
  "doubled",
  "delayed",
  "late",
  "request cut",
  "answer cut",
  "another's answer",
  "another's answer, and the request lost",
] as const;
type Fault = typeof FAULTS[number];

/** What the line did so far. */
export interface LineCounts {
  readonly requests: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Captured requests that were sent to the gateway again, and how often it said no. */
  readonly replayed: number;
  readonly refused: number;
  /** Requests that the gateway took more than once. */
  readonly takenTwice: number;
}

/**
 * A line between a node and its gateway on which whole requests and answers are dropped, doubled, late and cut, with a
 * stranger on it, who records everything, sends requests again and gives answers to other requests than their own.
 */
export class FaultyLine implements AsyncDisposable {
  /** Tells of every `request`, of its being `forwarded`, and of the `answer` that is about to be given. */
  readonly events = new EventTarget();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #gatewayPort: number;
  readonly #chance: Chance;
  /** An answer that the node must never see as its own. */
  readonly #isBait: (text: string) => boolean;
  readonly #captured: Captured[] = [];
  readonly #answers: Bytes[] = [];
  readonly #baits: Bytes[] = [];
  readonly #open = new Set<Deno.Conn>();
  readonly #background = new Set<Promise<unknown>>();
  readonly #hurry = new AbortController();
  readonly #accepting: Promise<void>;
  readonly #faults = new Map<string, number>();
  #requests = 0;
  #replayed = 0;
  #refused = 0;
  #calm = false;
  #over = false;

  constructor(gatewayPort: number, chance: Chance, isBait: (text: string) => boolean) {
    this.#gatewayPort = gatewayPort;
    this.#chance = chance;
    this.#isBait = isBait;
    this.#accepting = this.#accept();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** From now on everything is carried once, at once. */
  calm(): void {
    this.#calm = true;
    this.#hurry.abort();
  }

  /** Sends every request that was ever seen to the gateway once more. */
  async replayAll(): Promise<void> {
    const left = this.#captured.values();
    const some = async () => {
      for (const captured of left) await this.#replay(captured);
    };
    await Promise.all(Array.from({ length: REPLAYED_AT_ONCE }, some));
  }

  counts(): LineCounts {
    return {
      requests: this.#requests,
      faults: Object.fromEntries(this.#faults),
      replayed: this.#replayed,
      refused: this.#refused,
      takenTwice: this.#captured.filter(({ taken }) => taken > 1).length,
    };
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#open.add(client);
      this.#inTheBackground(() => this.#serve(client).catch(ignoreGone).finally(() => this.#close(client)));
    }
  }

  async #serve(client: Deno.Conn): Promise<void> {
    const messages = new HttpMessages(client);
    for (let request; (request = await messages.next());) {
      const captured = { bytes: uncompressed(request), taken: 0 };
      this.#captured.push(captured);
      this.#requests++;
      this.#tell("request");
      const given = await this.#carry(captured);
      if (!given) return;
      this.#tell("answer");
      await writeAll(client, given.bytes);
      if (given.cut) return;
      if (!this.#calm && this.#chance.is(REPLAYED)) {
        this.#inTheBackground(() => this.#replay(this.#any(this.#captured)));
      }
    }
  }

  #carry(request: Captured): Promise<Given> {
    if (this.#calm || !this.#chance.is(FAULTY)) return this.#passed(request);
    const fault = this.#chance.one(FAULTS);
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
    return this.#withFault(fault, request);
  }

  async #withFault(fault: Fault, request: Captured): Promise<Given> {
    switch (fault) {
      case "request lost":
        return undefined;
      case "answer lost":
        return void await this.#forward(request);
      case "doubled":
        return given(this.#chance.one(await Promise.all([this.#forward(request), this.#forward(request)])));
      case "delayed":
        await this.#wait();
        return await this.#passed(request);
      case "late":
        return this.#inTheBackground(() => this.#wait().then(() => this.#forward(request)));
      case "request cut":
        return void await this.#withGateway((gateway) => writeAll(gateway, this.#part(request.bytes)));
      case "answer cut": {
        const answer = await this.#forward(request);
        return answer && { bytes: this.#part(answer), cut: true };
      }
      case "another's answer":
        this.#inTheBackground(() => this.#forward(request));
        return given(this.#another());
      case "another's answer, and the request lost":
        return given(this.#another());
      default:
        return fault satisfies never;
    }
  }

  async #passed(request: Captured): Promise<Given> {
    return given(await this.#forward(request));
  }

  /** What the gateway answers; `undefined` when it does not, or when the node must not see it. */
  async #forward(request: Captured): Promise<Bytes | undefined> {
    const answer = await this.#exchange(request);
    return answer && !this.#isBait(latin1(answer)) ? answer : undefined;
  }

  async #exchange(request: Captured): Promise<Bytes | undefined> {
    const answer = await this.#withGateway(async (gateway) => {
      await writeAll(gateway, request.bytes);
      this.#tell("forwarded");
      return await new HttpMessages(gateway).next();
    });
    if (!answer) return undefined;
    if (!REFUSED.has(statusOf(answer))) request.taken++;
    (this.#isBait(latin1(answer)) ? this.#baits : this.#answers).push(answer);
    return answer;
  }

  /** `undefined` when the gateway was killed meanwhile, or is not there. */
  async #withGateway<T>(work: (gateway: Deno.Conn) => Promise<T>): Promise<T | undefined> {
    let gateway: Deno.Conn | undefined;
    try {
      gateway = await Deno.connect({ hostname: "127.0.0.1", port: this.#gatewayPort });
      this.#open.add(gateway);
      return this.#over ? undefined : await work(gateway);
    } catch (error) {
      ignoreGone(error);
      return undefined;
    } finally {
      if (gateway) this.#close(gateway);
    }
  }

  async #replay(request: Captured): Promise<void> {
    const answer = await this.#exchange(request);
    if (!answer) return;
    this.#replayed++;
    if (REFUSED.has(statusOf(answer))) this.#refused++;
  }

  /** An answer of the gateway to another request: as often as not one with orders that nobody ever got. */
  #another(): Bytes | undefined {
    const pool = this.#baits.length > 0 && this.#chance.is(0.5) ? this.#baits : this.#answers;
    return pool.length === 0 ? undefined : this.#any(pool);
  }

  #any<T>(choices: readonly T[]): T {
    const choice = choices[this.#chance.between(0, choices.length - 1)];
    if (choice === undefined) throw new Error("there is nothing to choose from");
    return choice;
  }

  #part(bytes: Bytes): Bytes {
    return bytes.subarray(0, this.#chance.between(1, bytes.length - 1));
  }

  #wait(): Promise<void> {
    return systemClock.sleep(this.#chance.between(1, LONGEST_DELAY_MS), this.#hurry.signal);
  }

  #inTheBackground(work: () => Promise<unknown>): undefined {
    const task = work().finally(() => this.#background.delete(task));
    this.#background.add(task);
  }

  #tell(what: "request" | "forwarded" | "answer"): void {
    this.events.dispatchEvent(new Event(what));
  }

  #close(connection: Deno.Conn): void {
    if (this.#open.delete(connection)) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    this.#hurry.abort();
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await this.#accepting;
    await Promise.all(this.#background);
  }
}

/** The request, asking for an answer that the line can read: no signature covers that field. */
function uncompressed(request: Bytes): Bytes {
  const text = latin1(request).replace(/^accept-encoding: [^\r\n]*/im, "accept-encoding: identity");
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function given(bytes: Bytes | undefined): Given {
  return bytes && { bytes };
}

/** An end that was killed, or a connection that was closed here. */
function ignoreGone(error: unknown): void {
  const { ConnectionReset, ConnectionRefused, BrokenPipe, Interrupted, BadResource, NotConnected } = Deno.errors;
  const gone = [ConnectionReset, ConnectionRefused, BrokenPipe, Interrupted, BadResource, NotConnected];
  if (!gone.some((kind) => error instanceof kind)) throw error;
}
