import { join } from "node:path";
import type { Row } from "./row.ts";

const PORTS = ["--port", "0", "--modbus-port", "0", "--http-port", "0"];
const RUNS = 5;
const SETTLE_MS = 20_000;

/** Cold start to `/health` and memory of both roles, of the executable that `deno task build` made. */
export async function benchExecutable(): Promise<Row[]> {
  const binary = Deno.env.get("ECOWATT_BIN") ?? "dist/ecowatt";
  const starts: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await using demo = await startDemo(binary);
    starts.push(demo.healthyAfterMs);
  }
  await using demo = await startDemo(binary);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rss = await residentMegabytes(demo.pid);
  const size = (await Deno.stat(binary)).size / 2 ** 20;
  const median = starts.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
  return [
    row("cold start to /health, both roles and the simulator", median, "ms", 1000),
    row("resident memory, both roles and the simulator, after 20 s", rss, "MiB", 120),
    row("size of the executable", size, "MiB", 100),
  ];
}

function row(name: string, value: number, unit: string, yardstick: number): Row {
  return { name, value, unit, yardstick, ratio: value / yardstick };
}

interface Demo extends AsyncDisposable {
  readonly pid: number;
  readonly healthyAfterMs: number;
}

async function startDemo(binary: string): Promise<Demo> {
  const folder = await Deno.makeTempDir({ prefix: "ecowatt-bench-" });
  const started = performance.now();
  const child = new Deno.Command(binary, {
    args: ["demo", "--data-dir", join(folder, "demo"), ...PORTS],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  const url = await addressIn(lines);
  const healthy = await fetch(`${url}/health`);
  await healthy.body?.cancel();
  if (!healthy.ok) throw new Error(`/health answers ${healthy.status}`);
  return {
    pid: child.pid,
    healthyAfterMs: performance.now() - started,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function addressIn(lines: ReadableStream<string>): Promise<string> {
  let text = "";
  for await (const part of lines.values({ preventCancel: true })) {
    text += part;
    const [, url] = text.match(/gateway +(http:\/\/\S+)/) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`the demo ended at its start: ${text}`);
}

/** VmRSS of a process, proc(5). */
async function residentMegabytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1]) / 1024;
}
