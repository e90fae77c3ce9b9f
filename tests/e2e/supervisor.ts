import { NotifySocket } from "../fakes/notify_socket.ts";
import { type Running, start } from "./process.ts";

/** How long a process that was told to abort is given, milliseconds. */
const ABORT_MS = 500;

/** How a service is run. */
export interface Unit {
  readonly program: readonly [string, ...string[]];
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  readonly watchdogMs: number;
  /** Path of the socket on which it is listened to. */
  readonly socket: string;
}

/**
 * Runs a service as systemd runs one of `Type=notify` with `Restart=always`: a socket for what it says, a watchdog from its
 * READY on, SIGABRT for one that is silent, a new start after every end.
 */
export class Supervisor implements AsyncDisposable {
  readonly socket: NotifySocket;
  readonly #unit: Unit;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #process: Running | undefined;
  /** How each run ended. */
  readonly ends: string[] = [];
  said = "";

  constructor(unit: Unit) {
    this.#unit = unit;
    this.socket = new NotifySocket(unit.socket);
    this.#running = this.#keepRunning();
  }

  /** Sends a signal to the main process. */
  send(signal: Deno.Signal): void {
    if (this.#process) Deno.kill(this.#process.pid, signal);
  }

  async #keepRunning(): Promise<void> {
    const { program, args, env, watchdogMs, socket } = this.#unit;
    // The shell knows its own process id, which is the main process's, as systemd does.
    const wrapped = ["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh", ...program] as const;
    while (!this.#stop.signal.aborted) {
      const variables = { ...env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: String(1000 * watchdogMs) };
      await using process = start(args, { program: ["env", ...wrapped], env: variables });
      this.#process = process;
      const watching = this.#watch(process, watchdogMs);
      this.ends.push(`exit ${await process.exit}${await watching ? ", watchdog" : ""}`);
      this.said += process.err();
    }
  }

  /** Whether the watchdog had to end it. */
  async #watch(process: Running, watchdogMs: number): Promise<boolean> {
    let ended = false;
    void process.exit.then(() => ended = true);
    const before = this.socket.heard().length;
    let [seen, since, ready] = [before, performance.now(), false];
    while (!ended) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const news = this.socket.heard().slice(seen);
      seen += news.length;
      ready ||= news.some((text) => /^READY=1$/m.test(text));
      if (news.some((text) => /^(READY|WATCHDOG)=1$/m.test(text))) since = performance.now();
      if (!ready || performance.now() - since < watchdogMs) continue;
      void process.kill("SIGABRT");
      await Promise.race([process.exit, new Promise((resolve) => setTimeout(resolve, ABORT_MS))]);
      await process.kill("SIGKILL");
      return true;
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    void this.#process?.kill("SIGTERM");
    await this.#running;
    await this.socket[Symbol.asyncDispose]();
  }
}
