import type { Clock } from "../../platform/clock.ts";
import type { LineTiming } from "../modbus/line_timing.ts";
import type { ByteStream } from "../modbus/byte_stream.ts";
import { endsWithCrc } from "../modbus/crc.ts";
import { encodeRequest } from "../modbus/pdu.ts";
import { encodeRtu } from "../modbus/rtu.ts";

/** One register of one unit: what a sweep asks for. Even a refusal says that somebody is there. */
export interface Question {
  readonly unit: number;
  readonly address: number;
}

/** What a sweep stands on. */
interface SweepIo {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How long a sweep waits. */
interface SweepTiming extends LineTiming {
  /** Milliseconds for the first byte of an answer, after the request is on the wire. */
  readonly answerMs: number;
}

const READ = 3;
const REFUSED = READ | 0x80;
/** Bytes of a question on the wire. */
export const REQUEST_BYTES = 8;
/** Bytes of the answer to one register, and of a refusal. */
const BYTES = { answer: 7, refusal: 5 } as const;
/** Silence that ends what is being heard, ms: above the 16 ms for which USB adapters collect bytes. */
const SETTLED_MS = 50;
/** What goes on for so long, ms, is noise; and on a line with noise so many questions are asked again. */
const NOISE = { ms: 500, again: 6 } as const;

/**
 * Asks each question once and gives the units that answered, whenever that was: an answer names its unit, so a late one
 * is known for what it is while the next unit is asked. What was damaged is asked again; for the last late ones the line
 * is listened to at the end. `done` is called after each question.
 */
export async function sweep(
  stream: ByteStream,
  questions: readonly Question[],
  timing: SweepTiming,
  { clock, signal }: SweepIo,
  done: () => void = () => {},
): Promise<ReadonlySet<number>> {
  const asked = new Set<number>();
  const there = new Set<number>();
  let again: number = NOISE.again;
  const hear = (heard: Uint8Array, sent = NOTHING): boolean => {
    const { units, noise } = understood(heard, sent, asked);
    for (const unit of units) there.add(unit);
    return noise;
  };
  const ask = async (question: Question): Promise<boolean> => {
    asked.add(question.unit);
    const frame = frameOf(question);
    await stream.write(frame);
    const heard = await listen(stream, timing.answerMs + REQUEST_BYTES * timing.charMs, clock, question.unit);
    if (heard.length > 0) await clock.sleep(timing.gapMs);
    return hear(heard, frame);
  };
  stream.discardInput();
  for (const [i, question] of questions.entries()) {
    if (signal.aborted) break;
    if (!there.has(question.unit) && await ask(question)) {
      for (const doubtful of questions.slice(Math.max(0, i - 1), i + 1)) {
        if (again-- <= 0) break;
        hear(await listen(stream, timing.answerMs, clock));
        if (!there.has(doubtful.unit)) await ask(doubtful);
      }
    }
    done();
  }
  hear(await listen(stream, timing.answerMs, clock));
  return there;
}

const NOTHING: Uint8Array = new Uint8Array();

/** What arrives within `ms`; what has begun is heard to its end, and the answer of `unit` ends it. */
async function listen(stream: ByteStream, ms: number, clock: Clock, unit?: number): Promise<Uint8Array> {
  const deadline = clock.monotonic() + ms;
  let heard: Uint8Array = NOTHING;
  for (;;) {
    const now = clock.monotonic();
    const leftMs = Math.max(deadline - now, heard.length > 0 ? SETTLED_MS : 0);
    if (leftMs <= 0 || now > deadline + NOISE.ms) return heard;
    const bytes = await stream.read(leftMs);
    if (bytes === undefined) return heard;
    heard = joined(heard, bytes);
    if (unit !== undefined && understood(heard, NOTHING, new Set([unit])).units.length > 0) return heard;
  }
}

/** Whose answers are among the bytes; `noise`: there is more than those and the echo of the request. */
function understood(
  bytes: Uint8Array,
  sent: Uint8Array,
  asked: ReadonlySet<number>,
): { readonly units: readonly number[]; readonly noise: boolean } {
  const units: number[] = [];
  const echoed = sent.length > 0 && bytes.length >= sent.length && sent.every((byte, i) => byte === bytes[i]);
  let strange = 0;
  for (let at = echoed ? sent.length : 0; at < bytes.length;) {
    const unit = bytes[at] ?? 0;
    const length = asked.has(unit) ? answerLength(bytes, at) : 0;
    if (length > 0) units.push(unit);
    else strange++;
    at += Math.max(1, length);
  }
  return { units, noise: strange > 0 };
}

/** Bytes of the answer to one register, or of the refusal, at `at`; 0 when there is none. */
function answerLength(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1] === REFUSED ? BYTES.refusal : bytes[at + 1] === READ ? BYTES.answer : 0;
  const whole = length > 0 && at + length <= bytes.length && endsWithCrc(bytes, at, at + length);
  return whole && (length === BYTES.refusal || bytes[at + 2] === 2) ? length : 0;
}

function frameOf({ unit, address }: Question): Uint8Array {
  const pdu = encodeRequest({ fc: READ, address, count: 1 });
  const frame = pdu.ok ? encodeRtu(unit, pdu.value) : pdu;
  if (!frame.ok) throw new RangeError(`Cannot ask unit ${unit}: ${frame.detail}`);
  return frame.value;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
