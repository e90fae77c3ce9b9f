import { type ByteStream, LineClosed } from "../../../device/modbus/byte_stream.ts";
import { openSerial } from "../../../device/serial/port.ts";
import { openPty } from "../../../device/serial/pty.ts";
import type { SerialSettings } from "../../../device/serial/settings.ts";
import type { FakeClock } from "../../fakes/clock.ts";
import "../../fakes/loaded_libraries.ts";
import { alsoWorking, changed } from "../../fakes/threads.ts";

/** Longer than any test: the time that passes is that of the fake clock. */
const FOREVER_MS = 1e8;

/** Ends for which something is on its way through the kernel: the fake clock waits for them. */
const awaited = new Set<ClockedEnd>();
alsoWorking(() => awaited.size > 0);

/** A real pty in the time of a fake clock. It can be unplugged, and comes back on another path. */
export class PtyLine implements Disposable {
  readonly #clock: FakeClock;
  #pty: ReturnType<typeof openPty> | undefined;
  #far: ClockedEnd | undefined;
  #near: ClockedEnd | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.plugIn();
  }

  /** The device's end. */
  get far(): ByteStream {
    return this.#far ?? unplugged();
  }

  /** Opens the node's end, as a serial port. */
  open = (_path: string, settings: SerialSettings): ByteStream => {
    if (!this.#pty || !this.#far) return unplugged();
    this.#near = new ClockedEnd(openSerial(this.#pty.path, settings), this.#clock);
    this.#near.other = this.#far;
    return this.#far.other = this.#near;
  };

  plugIn(): void {
    this.#pty = openPty();
    this.#far = new ClockedEnd(this.#pty.stream, this.#clock);
  }

  unplug(): void {
    this.#far?.close();
    this.#far = this.#pty = undefined;
    void this.#near?.hungUp();
  }

  [Symbol.dispose](): void {
    this.#near?.close();
    this.#far?.close();
  }
}

function unplugged(): never {
  throw new LineClosed("nothing is plugged in");
}

/** One end, which fetches what was sent to it before time passes. */
class ClockedEnd implements ByteStream {
  readonly #inner: ByteStream;
  readonly #clock: FakeClock;
  #held: Uint8Array[] = [];
  #coming = 0;
  #closed: LineClosed | undefined;
  #arrived = Promise.withResolvers<void>();
  other: ClockedEnd | undefined;

  constructor(inner: ByteStream, clock: FakeClock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw this.#closed;
    const { other } = this;
    if (!other || other.#closed) return; // nobody is there
    other.expect(bytes.length);
    await this.#inner.write(bytes);
    await other.#fetch();
  }

  async read(timeoutMs: number): Promise<Uint8Array | undefined> {
    if (this.#held.length === 0 && !this.#closed && timeoutMs > 0) {
      this.#arrived = Promise.withResolvers();
      const given = new AbortController();
      await Promise.race([this.#arrived.promise, this.#clock.sleep(timeoutMs, given.signal)]);
      given.abort();
    }
    const next = this.#held.shift();
    if (next === undefined && this.#closed) throw this.#closed;
    return next;
  }

  discardInput(): void {
    this.#held = [];
  }

  close(): void {
    this.#inner.close();
    this.#end(new LineClosed("it was closed"));
  }

  /** So many bytes are on their way to here. */
  expect(bytes: number): void {
    if (this.#closed) return;
    this.#coming += bytes;
    awaited.add(this);
  }

  /** The other side hung up. */
  async hungUp(): Promise<void> {
    this.expect(1);
    await this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      while (this.#coming > 0 && !this.#closed) {
        const bytes = await this.#inner.read(FOREVER_MS);
        if (bytes === undefined) continue;
        this.#held.push(bytes);
        this.#coming -= bytes.length;
      }
    } catch (error) {
      this.#inner.close();
      this.#end(error instanceof LineClosed ? error : new LineClosed(String(error)));
    }
    awaited.delete(this);
    changed();
    this.#arrived.resolve();
  }

  #end(why: LineClosed): void {
    this.#closed ??= why;
    awaited.delete(this);
    changed();
    this.#arrived.resolve();
  }
}
