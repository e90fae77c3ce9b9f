import type { Clock } from "../../platform/clock.ts";
import { type ByteStream, LineClosed } from "./byte_stream.ts";
import { Deadline, TimeLimit } from "../../platform/deadline.ts";

/** Where a TCP endpoint is and how it wants to be connected. */
export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds a connection attempt may take; default 3,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds of silence after connecting, for devices that swallow the first request; default 0. */
  readonly connectDelayMs?: number;
}

const CONNECT_TIMEOUT_MS = 3000;
/** Bytes kept that nobody has read: more than any answer, so what is beyond is noise. */
const MOST_HELD = 4096;

/** Opens a connection as a line of bytes. Rejects with `LineClosed` and a text for people. */
export async function openTcp(options: TcpOptions, clock: Clock, signal: AbortSignal): Promise<ByteStream> {
  const stream = new TcpStream(await connect(options, clock, signal), clock);
  if (options.connectDelayMs) await clock.sleep(options.connectDelayMs, signal);
  return stream;
}

async function connect(
  { host, port, ...options }: TcpOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  using limit = new TimeLimit(clock, clock.monotonic() + timeoutMs);
  try {
    const attempt = AbortSignal.any([signal, limit.signal]);
    const connection = await Deno.connect({ hostname: host, port, signal: attempt });
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
    return connection;
  } catch (error) {
    throw new LineClosed(whyNotConnected(error, signal.aborted || limit.signal.aborted, timeoutMs), { cause: error });
  }
}

function whyNotConnected(error: unknown, timedOut: boolean, timeoutMs: number): string {
  if (timedOut) return `no connection within ${timeoutMs} ms: check the address and the network`;
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "the connection was refused: check the port, and whether the device is busy with another client";
  }
  return error instanceof Error ? error.message : String(error);
}

interface Held {
  readonly bytes: Uint8Array;
  /** Monotonic ms. */
  readonly at: number;
}

interface Waiter {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: LineClosed) => void;
}

/**
 * A socket that is always being read, so that a peer's close is noticed at once and late bytes are already here when
 * `discardInput` throws them away. What `read` gives is valid until the read after the next.
 */
class TcpStream implements ByteStream {
  readonly #connection: Deno.TcpConn;
  readonly #clock: Clock;
  readonly #deadline: Deadline;
  #filling = new Uint8Array(1024);
  #spare = new Uint8Array(1024);
  #held: Held[] = [];
  #heldBytes = 0;
  /** Of what was held; what comes while somebody waits arrives just then. */
  #arrivedAt: number | undefined;
  #waiter: Waiter | undefined;
  #closed: LineClosed | undefined;

  constructor(connection: Deno.TcpConn, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#deadline = new Deadline(clock, () => this.#settle(undefined));
    this.#fill();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw this.#closed;
    try {
      for (let sent = 0; sent < bytes.length;) {
        sent += await this.#connection.write(sent ? bytes.subarray(sent) : bytes);
      }
    } catch (error) {
      this.#fail(error);
      throw this.#closed;
    }
  }

  read(timeoutMs: number): Promise<Uint8Array | undefined> {
    const held = this.#held.shift();
    if (held) {
      this.#heldBytes -= held.bytes.length;
      this.#arrivedAt = held.at;
      return Promise.resolve(held.bytes);
    }
    this.#arrivedAt = undefined;
    if (this.#closed) return Promise.reject(this.#closed);
    if (timeoutMs <= 0) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#deadline.arm(timeoutMs);
    });
  }

  get arrivedAt(): number {
    return this.#arrivedAt ?? this.#clock.monotonic();
  }

  discardInput(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#fail(new LineClosed("the connection was closed"));
  }

  #fill(): void {
    this.#connection.read(this.#filling).then(this.#received, this.#failed);
  }

  readonly #failed = (error: unknown): void => this.#fail(error);

  readonly #received = (length: number | null): void => {
    if (this.#closed) return;
    if (length === null) return this.#fail(new LineClosed("the other side closed the connection"));
    const bytes = this.#filling.subarray(0, length);
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    if (this.#waiter) this.#settle(bytes);
    else this.#hold(bytes.slice());
    this.#fill();
  };

  #hold(bytes: Uint8Array): void {
    if (this.#heldBytes + bytes.length > MOST_HELD) this.discardInput();
    this.#held.push({ bytes, at: this.#clock.monotonic() });
    this.#heldBytes += bytes.length;
  }

  #settle(bytes: Uint8Array | undefined): void {
    this.#deadline.disarm();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(bytes);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#closed = error instanceof LineClosed
      ? error
      : new LineClosed(`the connection broke: ${text(error)}`, { cause: error });
    this.#deadline[Symbol.dispose]();
    this.#waiter?.reject(this.#closed);
    this.#waiter = undefined;
    this.#connection.close();
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
