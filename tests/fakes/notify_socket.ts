import { socketAddress } from "../../platform/unix_datagram.ts";

const EAGAIN_PAUSE_MS = 10;
const PATIENCE_MS = 60_000;

/** A real Unix datagram socket as systemd's: everything that was told to it, in order. */
export class NotifySocket implements AsyncDisposable {
  readonly #libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
    close: { parameters: ["i32"], result: "i32" },
  });
  readonly #fd: number;
  readonly #heard: string[] = [];
  readonly #running: Promise<void>;
  #closed = false;

  /** `address`: a path, or `@name` for an abstract one. */
  constructor(readonly address: string) {
    const { socket, bind } = this.#libc.symbols;
    this.#fd = socket(1, 2 | 0o2000000, 0);
    const to = socketAddress(address);
    if (to === undefined || bind(this.#fd, to, to.length) !== 0) throw new Error(`Cannot bind ${address}`);
    this.#running = this.#listen();
  }

  /** All datagrams until now. */
  heard(): readonly string[] {
    return [...this.#heard];
  }

  /** How many datagrams have a line that is `line`. */
  count(line: string): number {
    return this.#heard.filter((datagram) => datagram.split("\n").includes(line)).length;
  }

  /** Waits until `done` says so. */
  async until(what: string, done: (socket: NotifySocket) => boolean): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; !done(this);) {
      if (performance.now() > end) throw new Error(`${what} was never told; told was:\n${this.#heard.join("\n--\n")}`);
      await new Promise((resolve) => setTimeout(resolve, EAGAIN_PAUSE_MS));
    }
  }

  async #listen(): Promise<void> {
    const buffer = new Uint8Array(4096);
    while (!this.#closed) {
      const count = Number(this.#libc.symbols.recv(this.#fd, buffer, 4096n, 0x40));
      if (count > 0) this.#heard.push(new TextDecoder().decode(buffer.subarray(0, count)));
      else await new Promise((resolve) => setTimeout(resolve, EAGAIN_PAUSE_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.#libc.symbols.close(this.#fd);
    this.#libc.close();
  }
}
