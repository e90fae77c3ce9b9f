import { fileURLToPath } from "node:url";
import { openSqlite } from "../platform/sqlite.ts";
import type { Row } from "./row.ts";
import { CONNECTIONS } from "./upload_load.ts";

/** Uploads on each connection, a fifth of them to warm up. */
const EACH = 1500;

/** Signed durable uploads a second over 16 connections, beside what the runtime and the disk could do at most. */
export async function benchUploads(): Promise<Row[]> {
  const directory = await Deno.makeTempDir({ prefix: "ecowatt-bench-" });
  try {
    const { rate: value, cpuUs } = await underLoad("gateway", `${directory}/gateway`);
    const { rate: ceiling, cpuUs: ceilingCpuUs } = await underLoad("ceiling");
    const { rate: hello } = await underLoad("hello");
    const inserts = insertsPerSecond(`${directory}/raw.db`);
    const row = (name: string, yardstick: number): Row => ({
      name: `signed durable uploads, ${CONNECTIONS} connections; ${name}`,
      value,
      unit: "uploads/s",
      yardstick,
      ratio: value / yardstick,
    });
    return [
      row("bare Deno.serve + HMAC + JSON.parse", ceiling),
      row("bare Deno.serve hello", hello),
      row(`raw SQLite, ${CONNECTIONS} inserts a durable commit`, inserts),
      {
        name: "processor time of one upload; bare Deno.serve + HMAC + JSON.parse",
        value: cpuUs,
        unit: "µs",
        yardstick: ceilingCpuUs,
        ratio: cpuUs / ceilingCpuUs,
      },
    ];
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What a server took a second, and what each upload took of its processors, the first ones with it: they are compiled. */
interface Load {
  readonly rate: number;
  readonly cpuUs: number;
}

async function underLoad(mode: string, ...args: readonly string[]): Promise<Load> {
  const server = start("upload_server.ts", mode, ...args);
  try {
    const port = await firstLine(server);
    const before = processorUs(server.pid);
    const rate = Number(await firstLine(start("upload_load.ts", port, String(EACH))));
    return { rate, cpuUs: (processorUs(server.pid) - before) / (EACH * CONNECTIONS) };
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
}

/** Processor time of all threads of a process so far, in user and kernel mode (proc(5), `stat`, in ticks of 10 ms). */
function processorUs(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
  return 10_000 * ((user ?? NaN) + (system ?? NaN));
}

function start(file: string, ...args: readonly string[]): Deno.ChildProcess {
  const script = fileURLToPath(new URL(file, import.meta.url));
  return new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args], stdout: "piped" }).spawn();
}

async function firstLine(process: Deno.ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  throw new Error("Cannot measure: a process of the benchmark ended early");
}

/** What the disk takes: the bytes of one upload's block and nothing else, as many a commit as there are connections. */
function insertsPerSecond(path: string): number {
  using db = openSqlite(path, { synchronous: "full", migrations: ["CREATE TABLE block(payload BLOB) STRICT"] });
  const insert = db.prepare("INSERT INTO block(payload) VALUES (?)");
  const payload = new Uint8Array(100).fill(7);
  const rounds = 500;
  const started = performance.now();
  for (let round = 0; round < rounds; round++) {
    db.exec("BEGIN IMMEDIATE");
    for (let i = 0; i < CONNECTIONS; i++) insert.run(payload);
    db.exec("COMMIT");
  }
  return 1000 * rounds * CONNECTIONS / (performance.now() - started);
}
