import { fileURLToPath } from "node:url";
import { PATIENCE_MS } from "../fakes/until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The program under test: the compiled executable where `ECOWATT_BIN` names one, else the source. */
export function command(): readonly [string, ...string[]] {
  const binary = Deno.env.get("ECOWATT_BIN");
  return binary ? [binary] : [Deno.execPath(), "run", "-A", `${root}main.ts`];
}

/** What a finished run left behind. */
export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Options of a run: where it runs, what it finds in its environment, what is run instead of the product. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly program?: readonly [string, ...string[]];
  /** In a process group of its own, which `killGroup` ends at once; a Ctrl-C at the terminal does not reach it. */
  readonly group?: boolean;
}

/** Runs the product to its end. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  await using running = start(args, options);
  const code = await running.exit;
  return { code, out: running.out(), err: running.err() };
}

/** A running product. Disposing kills it and waits for its end. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Exit code; 128 + signal number for a killed one. */
  readonly exit: Promise<number>;
  out(): string;
  err(): string;
  /** The first match in standard output or error, waiting for it. Rejects when the process ends or its patience does. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
  kill(signal: Deno.Signal): Promise<number>;
}

/** Starts the product. */
export function start(args: readonly string[], options: RunOptions = {}): Running {
  const [program, ...first] = options.program ?? command();
  const child = new Deno.Command(program, {
    args: [...first, ...args],
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: options.group ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).spawn();
  const written = { out: "", err: "" };
  const changed = new EventTarget();
  const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>, name: "out" | "err") => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      written[name] += text;
      changed.dispatchEvent(new Event("text"));
    }
  };
  const exit = Promise.all([child.status, collect(child.stdout, "out"), collect(child.stderr, "err")])
    .then(([status]) => status.code);
  let ended = false;
  void exit.then(() => {
    ended = true;
    changed.dispatchEvent(new Event("text"));
  });
  const kill = (signal: Deno.Signal) => {
    if (!ended) send(child, signal);
    return exit;
  };
  return {
    pid: child.pid,
    exit,
    out: () => written.out,
    err: () => written.err,
    kill,
    says: (pattern) =>
      saying(pattern, {
        text: () => written.out + written.err,
        ended: () => ended,
        changed,
      }),
    [Symbol.asyncDispose]: async () => void await kill("SIGKILL"),
  };
}

/** Kills a process that was started as a `group`, and all that it started, in one step: none of them can start another. */
export function killGroup({ pid }: Pick<Running, "pid">): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended
  }
}

function send(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error; // it has ended
  }
}

interface Speech {
  text(): string;
  ended(): boolean;
  readonly changed: EventTarget;
}

function saying(pattern: RegExp, { text, ended, changed }: Speech): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      changed.removeEventListener("text", look);
      settle();
    };
    const look = () => {
      const match = text().match(pattern);
      if (match) return finish(() => resolve(match));
      if (ended()) finish(() => reject(new Error(`the process ended without saying ${pattern}:\n${text()}`)));
    };
    const late = () => finish(() => reject(new Error(`${PATIENCE_MS} ms passed without ${pattern}:\n${text()}`)));
    const timer = setTimeout(late, PATIENCE_MS);
    changed.addEventListener("text", look);
    look();
  });
}

/** Asks until `probe` gives something. */
export async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (let last: unknown; performance.now() < end;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (performance.now() >= end && last) throw new Error(`${what} never came`, { cause: last });
  }
  throw new Error(`${what} never came`);
}
