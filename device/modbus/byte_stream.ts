/** A line that carries bytes both ways: a serial port or a TCP socket. */
export interface ByteStream {
  /** Sends all of `bytes`; rejects with `LineClosed` when the line is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** The next bytes that arrive, at least one; `undefined` when none came within `timeoutMs`. Rejects with `LineClosed`. */
  read(timeoutMs: number): Promise<Uint8Array | undefined>;
  /** When what `read` gave last had arrived, monotonic ms, on lines that receive while nobody reads. */
  readonly arrivedAt?: number;
  /** Throws away what has arrived and was not read. */
  discardInput(): void;
  close(): void;
}

/** The line went away: an unplugged adapter, a closed socket. Open a new one. */
export class LineClosed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LineClosed";
  }
}
