import { getLogger } from "@logtape/logtape";
import { createBus } from "../device/modbus/line_bus.ts";
import { tcpLine } from "../device/modbus/lines.ts";
import { systemClock } from "../platform/clock.ts";
import type { Row } from "./row.ts";

const POLLS = 5000;
const ROUNDS = 7;

/** Polls of ten registers through the bus, against a bare write-and-read loop on a socket to the same server. */
export async function benchModbusTcp(): Promise<Row[]> {
  await using server = await startServer();
  using bare = await bareLoop(server.port);
  await using bus = createBus(tcpLine({ host: "127.0.0.1", port: server.port }, systemClock), {}, {
    clock: systemClock,
    log: getLogger(["bench"]),
  });
  const poll = async () => {
    if (!(await bus.read(1, "holding", 0, 10)).ok) throw new Error("Cannot measure: a poll failed");
  };
  const rates: { bus: number[]; bare: number[] } = { bus: [], bare: [] };
  for (let round = 0; round <= ROUNDS; round++) { // the first warms up
    const [bareRate, busRate] = [await rate(bare.exchange), await rate(poll)];
    if (round === 0) continue;
    rates.bare.push(bareRate);
    rates.bus.push(busRate);
  }
  const [value, yardstick] = [median(rates.bus), median(rates.bare)];
  return [{
    name: "Modbus TCP polls (against a bare socket loop)",
    value,
    unit: "polls/s",
    yardstick,
    ratio: value / yardstick,
  }];
}

async function rate(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < POLLS; i++) await work();
  return Math.round(1000 * POLLS / (performance.now() - started));
}

async function bareLoop(port: number): Promise<Disposable & { exchange(): Promise<void> }> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  const request = Uint8Array.of(0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10);
  const answer = new Uint8Array(512);
  return {
    async exchange() {
      await connection.write(request);
      await connection.read(answer);
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

async function startServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-net", new URL("./modbus_server.ts", import.meta.url).href],
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      process.kill();
      await process.status;
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

if (import.meta.main) {
  for (const { name, value, unit, yardstick, ratio } of await benchModbusTcp()) {
    const text = `${name}: ${value} ${unit}, yardstick ${yardstick}, ratio ${ratio?.toFixed(2)}\n`;
    await Deno.stdout.write(new TextEncoder().encode(text));
  }
}
