import { fromHex } from "../../../crypto/bytes.ts";
import { type EncoderMemory, FRESH_ENCODER, remember } from "../../../gateway/boards/encoder_memory.ts";
import { decodeFrame } from "../../../gateway/boards/frame.ts";
import { DEFAULT_LAYOUT } from "../../../gateway/boards/registers.ts";
import { type Reading, readingOf } from "../../../gateway/boards/reading.ts";

/** A batch as a board's own encoder made it: thirty true values (five samples of six) and the frame. */
export interface DayBatch {
  readonly truth: readonly number[];
  /** Left out where only the values are told: what came before an excerpt. */
  readonly frame?: Uint8Array;
}

/** Reads lines of thirty values and a frame in hex. */
function parseDay(text: string): readonly DayBatch[] {
  return text.trim().split("\n").map((line) => {
    const fields = line.split(" ");
    const frame = fields[30] === undefined ? undefined : fromHex(fields[30]);
    return { truth: fields.slice(0, 30).map(Number), ...(frame === undefined ? {} : { frame }) };
  });
}

/** Reads a whole day. */
export async function readDay(url: URL): Promise<readonly DayBatch[]> {
  const stream = (await Deno.open(url)).readable.pipeThrough(new DecompressionStream("gzip"));
  return parseDay(await new Response(stream).text());
}

/** A part of a day, beside this file: what came before it is known. */
export function excerpt(name: "night" | "dawn" | "clouds" | "dusk"): readonly DayBatch[] {
  return parseDay(Deno.readTextFileSync(new URL(`days/${name}.txt`, import.meta.url)));
}

/** Register ids of a batch, one a value. */
export const BATCH_IDS: readonly number[] = Array.from({ length: 30 }, (_, i) => DEFAULT_LAYOUT[i % 6] ?? 0);

/** What the decoder makes of each batch, one from the other; `undefined`: refused. */
export function decodeDay(day: readonly DayBatch[]): readonly (Reading | undefined)[] {
  let memory: EncoderMemory = FRESH_ENCODER;
  return day.map(({ truth, frame }) => {
    const decoded = frame && decodeFrame(frame, memory);
    const reading = frame === undefined ? readingOf(truth, "exact") : decoded?.ok ? decoded.value.reading : undefined;
    if (reading) memory = remember(memory, reading, BATCH_IDS);
    return reading;
  });
}

/** How much of a day came out right. */
export interface Score {
  readonly refused: number;
  /** Share of the values that are right, of all and by column (VAC1 IAC1 IPV1 PAC IPV2 TEMP). */
  readonly values: number;
  readonly columns: readonly number[];
  /** Of the frames that are entirely right. */
  readonly frames: number;
  /** Wh of the output power, in truth and as decoded, for polls of 2 s. */
  readonly trueWh: number;
  readonly wh: number;
}

export function score(day: readonly DayBatch[], decoded: readonly (readonly number[] | undefined)[]): Score {
  const columns = new Array<number>(6).fill(0);
  let [frames, trueWh, wh] = [0, 0, 0];
  for (const [i, { truth }] of day.entries()) {
    const values = decoded[i] ?? [];
    const right = truth.map((value, position) => value === values[position]);
    for (const [position, isRight] of right.entries()) {
      if (isRight) columns[position % 6] = (columns[position % 6] ?? 0) + 1;
    }
    if (right.every(Boolean)) frames++;
    for (let position = 3; position < 30; position += 6) {
      trueWh += (truth[position] ?? 0) / 1800;
      wh += (values[position] ?? 0) / 1800;
    }
  }
  const ofColumn = 5 * day.length;
  return {
    refused: decoded.filter((values) => values === undefined).length,
    values: columns.reduce((sum, right) => sum + right, 0) / (6 * ofColumn),
    columns: columns.map((right) => right / ofColumn),
    frames: frames / day.length,
    trueWh,
    wh,
  };
}
