import { type ByteStream, LineClosed } from "../../device/modbus/byte_stream.ts";
import type { Clock } from "../../platform/clock.ts";

/** A serial line in the time of a clock: two ends, of which the far one is opened by whoever has the path. */
export class SerialWire {
  readonly #clock: Clock;
  #plugs = 0;
  #near: End | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Plugs the near end in; what was open at the far one hangs up when the near one is closed. */
  plug = (): { readonly path: string; readonly stream: ByteStream } => {
    this.#near = new End(this.#clock);
    return { path: `wire ${++this.#plugs}`, stream: this.#near };
  };

  /** Opens the far end of what is plugged in now. */
  open = (): ByteStream => {
    if (!this.#near || this.#near.closed) throw new LineClosed("nothing is plugged in");
    const far = new End(this.#clock);
    this.#near.other = far;
    far.other = this.#near;
    far.hangsUpWith = this.#near;
    return far;
  };
}

class End implements ByteStream {
  readonly #clock: Clock;
  #held: Uint8Array[] = [];
  #arrived = Promise.withResolvers<void>();
  closed = false;
  other: End | undefined;
  /** Whose end is that of this one as well. */
  hangsUpWith: End | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#gone) return Promise.reject(new LineClosed("it hung up"));
    this.other?.push(bytes.slice());
    return Promise.resolve();
  }

  async read(timeoutMs: number): Promise<Uint8Array | undefined> {
    if (this.#held.length === 0 && timeoutMs > 0 && !this.#gone) {
      const over = new AbortController();
      await Promise.race([this.#arrived.promise, this.#clock.sleep(timeoutMs, over.signal)]);
      over.abort();
    }
    if (this.#gone) throw new LineClosed("it hung up");
    if (this.#held.length <= 1) this.#arrived = Promise.withResolvers();
    return this.#held.shift();
  }

  discardInput(): void {
    this.#held = [];
    this.#arrived = Promise.withResolvers();
  }

  push(bytes: Uint8Array): void {
    if (this.closed) return; // nobody is there
    this.#held.push(bytes);
    this.#arrived.resolve();
  }

  close(): void {
    this.closed = true;
    this.#arrived.resolve();
    this.other?.wake();
  }

  wake(): void {
    if (this.#gone) this.#arrived.resolve();
  }

  get #gone(): boolean {
    return this.closed || this.hangsUpWith?.closed === true;
  }
}
