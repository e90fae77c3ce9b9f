import { type ByteStream, LineClosed } from "../modbus/byte_stream.ts";
import { ERRNO, type Libc, POLLIN, POLLOUT } from "./libc.ts";

const TCFLSH = 0x540b;
const TCIFLUSH = 0;
/** A line that takes no byte for this long is treated as gone, ms. */
const STALLED_MS = 5_000;
const CHUNK = 4096;

/**
 * Bytes through a non-blocking terminal. Waiting is a poll(2) on another thread, which an eventfd ends when the stream
 * is closed; the descriptor is given back only after the last poll returned, so its number is never reused under one.
 */
export class FdStream implements ByteStream {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #wake: number;
  readonly #name: string;
  readonly #onClose: () => void;
  readonly #chunk = new Uint8Array(new ArrayBuffer(CHUNK));
  #waiting = 0;
  #closed = false;

  /** Takes over `fd`; `onClose` runs at once when it is closed, to give up its locks. `name` is for messages. */
  constructor(libc: Libc, fd: number, name: string, onClose: () => void) {
    this.#libc = libc;
    this.#fd = fd;
    this.#name = name;
    this.#onClose = onClose;
    this.#wake = libc.eventfd();
    if (this.#wake < 0) throw new Error(`Cannot use ${name}: ${libc.strerror(-this.#wake)}`);
  }

  async read(timeoutMs: number): Promise<Uint8Array | undefined> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      this.#assertOpen();
      const count = this.#libc.read(this.#fd, this.#chunk);
      if (count > 0) return this.#chunk.slice(0, count);
      if (count !== -ERRNO.EAGAIN && count !== -ERRNO.EINTR) throw this.#gone(count);
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      await this.#poll(POLLIN, left);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    let rest = Uint8Array.from(bytes);
    let deadline = performance.now() + STALLED_MS;
    while (rest.length > 0) {
      this.#assertOpen();
      const count = this.#libc.write(this.#fd, rest);
      if (count > 0) {
        rest = rest.subarray(count);
        deadline = performance.now() + STALLED_MS;
        continue;
      }
      if (count !== -ERRNO.EAGAIN && count !== -ERRNO.EINTR) throw this.#gone(count);
      const left = deadline - performance.now();
      if (left <= 0) throw new LineClosed(`Cannot write to ${this.#name}: it takes no bytes`);
      await this.#poll(POLLOUT, left);
    }
  }

  discardInput(): void {
    if (!this.#closed) this.#libc.ioctlNumber(this.#fd, TCFLSH, TCIFLUSH);
  }

  /** Resolves when the last written byte has left the machine. */
  async drain(): Promise<void> {
    this.#assertOpen();
    await this.#outside(() => this.#libc.drain(this.#fd));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    this.#libc.write(this.#wake, new Uint8Array(new BigUint64Array([1n]).buffer));
    if (this.#waiting === 0) this.#release();
  }

  /** Waits for readiness; a wrong or early return is harmless, as the caller looks again. */
  async #poll(events: number, timeoutMs: number): Promise<void> {
    const pollfds = new Uint8Array(new ArrayBuffer(16));
    const view = new DataView(pollfds.buffer);
    view.setInt32(0, this.#fd, true);
    view.setInt16(4, events, true);
    view.setInt32(8, this.#wake, true);
    view.setInt16(12, POLLIN, true);
    await this.#outside(() => this.#libc.poll(pollfds, Math.min(Math.ceil(timeoutMs), 0x7fffffff)));
  }

  async #outside(call: () => Promise<number>): Promise<void> {
    this.#waiting++;
    try {
      await call();
    } finally {
      this.#waiting--;
      if (this.#closed && this.#waiting === 0) this.#release();
    }
  }

  #release(): void {
    this.#libc.close(this.#fd);
    this.#libc.close(this.#wake);
  }

  #assertOpen(): void {
    if (this.#closed) throw new LineClosed(`Cannot use ${this.#name}: it was closed`);
  }

  /** 0 is the end of file of a hung-up terminal; EIO, ENXIO and ENODEV an adapter that was unplugged. */
  #gone(result: number): LineClosed {
    const reason = result === 0 ? "it hung up" : this.#libc.strerror(-result);
    return new LineClosed(`Cannot use ${this.#name}: ${reason}`);
  }
}
