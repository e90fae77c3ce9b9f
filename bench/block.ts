import { deflateRawSync } from "node:zlib";
import { z } from "zod";
import { decodeBlock, encodeBlock } from "../protocol/block/block.ts";
import type { Sample } from "../protocol/sample.ts";
import { reference } from "../tests/needs.ts";
import type { Row } from "./row.ts";

/** A trace of an inverter, 2 s between samples, and the bytes that the ESP32's encoder makes of it, if known. */
interface Trace {
  readonly samples: readonly Sample[];
  readonly esp32Bytes?: number;
}

const Vectors = z.array(z.object({
  sequence: z.string().optional(),
  samples: z.array(z.array(z.int())),
  hex: z.string(),
}));

/** Samples a block: 5 (what the ESP32 packs), 15 s, 30 s (the node's default), and all of a trace. */
const LENGTHS = [5, 8, 15, Infinity] as const;
const START_MS = 1_782_043_200_317;

/** Sizes of blocks beside their yardsticks, and the time that a block takes. */
export async function benchBlock(): Promise<Row[]> {
  return [...await blockSizes(), ...times()];
}

/** Sizes of blocks beside DEFLATE and, where its vectors are at hand, the ESP32's encoder on the same traces. */
export async function blockSizes(): Promise<Row[]> {
  const traces = await recorded() ?? generated();
  return LENGTHS.flatMap((length) => sizes(traces, length));
}

function sizes(traces: readonly Trace[], length: number): Row[] {
  const parts = traces.flatMap(({ samples }) => cut(samples, length));
  const bytes = sum(parts.map((samples) => encodeBlock({ samples }).length));
  const esp32 = traces.every(({ esp32Bytes }) => esp32Bytes !== undefined)
    ? sum(traces.map(({ esp32Bytes = 0 }) => esp32Bytes))
    : undefined;
  const name = `block, ${length === Infinity ? "whole trace" : `${length} samples`}`;
  const deflated = (natural: (samples: readonly Sample[]) => Uint8Array | string) =>
    sum(parts.map((samples) => deflateRawSync(natural(samples), { level: 9 }).length));
  return [
    compared(`${name}: against DEFLATE of binary`, bytes, deflated(binary)),
    compared(`${name}: against DEFLATE of JSON`, bytes, deflated((samples) => JSON.stringify(samples))),
    ...(esp32 === undefined ? [] : [compared(`${name}: against the ESP32 encoder, without times`, bytes, esp32)]),
  ];
}

function compared(name: string, value: number, yardstick: number): Row {
  return { name, value, unit: "bytes", yardstick, ratio: value / yardstick };
}

/** The fastest of several rounds: what the code takes, without what else the machine did. */
function times(): Row[] {
  const samples = walk(10, 10, 1);
  const bytes = encodeBlock({ samples });
  return [
    { name: "block, 10 samples of 10 columns: decode", value: fastest(() => decodeBlock(bytes)), unit: "us" },
    { name: "block, 10 samples of 10 columns: encode", value: fastest(() => encodeBlock({ samples })), unit: "us" },
  ];
}

function fastest(work: () => unknown): number {
  const rounds = Array.from({ length: 20 }, () => {
    const start = performance.now();
    for (let i = 0; i < 1000; i++) work();
    return performance.now() - start;
  });
  return Math.min(...rounds);
}

/** The traces of the boards' own encoder. */
async function recorded(): Promise<readonly Trace[] | undefined> {
  const file = reference("esp32/vectors-shared.json");
  if (!file.met) return undefined;
  const vectors = Vectors.parse(JSON.parse(await Deno.readTextFile(file.url)));
  const solar = vectors.filter(({ sequence }) => sequence?.startsWith("device-"));
  return [...Map.groupBy(solar, ({ sequence }) => sequence).values()].map((batches) => ({
    samples: batches.flatMap((batch) => batch.samples).map((values, i) => ({ at: START_MS + 2000 * i, values })),
    esp32Bytes: sum(batches.map(({ hex }) => hex.length / 2)),
  }));
}

function generated(): readonly Trace[] {
  return Array.from({ length: 20 }, (_, seed) => ({ samples: walk(40, 6, seed + 1) }));
}

/** A repeatable random walk of some registers. */
function walk(count: number, columns: number, seed: number): readonly Sample[] {
  let state = seed;
  const step = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor(state / 2 ** 31 * 9) - 4;
  };
  let values: readonly number[] = Array.from({ length: columns }, (_, column) => 300 * column);
  return Array.from({ length: count }, (_, i) => {
    values = values.map((value, column) => Math.max(0, value + (column % 3 === 0 ? step() : 0)));
    return { at: START_MS + 2000 * i, values };
  });
}

/** Six bytes of time and two a value: the natural compact form. */
function binary(samples: readonly Sample[]): Uint8Array {
  const width = 6 + 2 * (samples[0]?.values.length ?? 0);
  const view = new DataView(new ArrayBuffer(width * samples.length));
  for (const [row, { at, values }] of samples.entries()) {
    view.setUint16(row * width, Math.floor(at / 2 ** 32));
    view.setUint32(row * width + 2, at % 2 ** 32);
    for (const [column, value] of values.entries()) view.setUint16(row * width + 6 + 2 * column, value ?? 0xffff);
  }
  return new Uint8Array(view.buffer);
}

function cut(samples: readonly Sample[], length: number): (readonly Sample[])[] {
  if (length === Infinity) return [samples];
  return Array.from(
    { length: Math.ceil(samples.length / length) },
    (_, i) => samples.slice(i * length, (i + 1) * length),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
