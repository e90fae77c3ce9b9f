import { rtuLine, serialTiming } from "../modbus/lines.ts";
import { openSerial } from "../serial/port.ts";
import { bitsPerCharacter, LineSettings } from "../serial/settings.ts";
import type { Found } from "./identify.ts";
import { identifyAll, type LineNeeds, scanBus, type ScanIo } from "./lines.ts";
import { type Question, REQUEST_BYTES, sweep } from "./sweep.ts";
import { USUAL_UNITS } from "./usual_units.ts";

/** What of a serial line is looked at. */
interface SerialScanOptions {
  readonly path: string;
  /** Speeds and parities, the likeliest first. */
  readonly lines: readonly LineSettings[];
  readonly units: readonly number[];
  /** Asked last, once each, where somebody is or on the likeliest lines. */
  readonly further?: readonly number[];
  /** Milliseconds for each answer, after the request is on the wire. */
  readonly answerMs: number;
}

/** An inverter on a serial line, and how it is spoken to. */
interface SerialFound {
  readonly line: LineSettings;
  readonly found: readonly Found[];
  /** How the line has to be configured for them. */
  readonly needs: LineNeeds;
}

/** Speeds that inverters have, the likeliest first. */
export const USUAL_BAUDS: readonly number[] = [9600, 19_200, 115_200, 38_400];
/** Lines that inverters have when they come, the likeliest first. With parity only the two that Modbus itself names. */
const USUAL_LINES: readonly LineSettings[] = [
  ...linesOf(USUAL_BAUDS.slice(0, 3), "none"),
  ...linesOf([9600, 19_200], "even"),
  ...linesOf([38_400], "none"),
];
/** Milliseconds within which inverters answer, adapter included. */
export const USUAL_ANSWER_MS = 100;
/** Where the ten registers are, and where a SunSpec map is: some say nothing at all where they have nothing. */
const ADDRESSES = [0, 40_000] as const;
/** Up to so many unit ids are asked at both. */
const FEW = 32;
/** Lines on which further unit ids are looked for where nobody answers. */
const LIKELIEST = 2;
/** Milliseconds for the answers of somebody who is there, and before they are asked for. */
const PATIENT = { answerMs: 300, settledMs: 300 } as const;

/** The lines to look at: what is not named is what inverters have when they come. */
export function serialLines(bauds: readonly number[], parity?: LineSettings["parity"]): readonly LineSettings[] {
  if (parity !== undefined) return linesOf(bauds.length > 0 ? bauds : USUAL_BAUDS, parity);
  return bauds.length > 0 ? [...linesOf(bauds, "none"), ...linesOf(bauds, "even")] : USUAL_LINES;
}

/** Milliseconds that a scan takes when nothing answers. */
export function serialScanMs({ lines, answerMs, ...asked }: Omit<SerialScanOptions, "path">): number {
  const rounds = roundsOf(asked, lines);
  const ofLine = (line: LineSettings, questions: number) =>
    questions * (answerMs + REQUEST_BYTES * timingOf(line).charMs) + answerMs;
  return rounds.reduce(
    (sum, { questions, lines }) => lines.reduce((sum, line) => sum + ofLine(line, questions.length), sum),
    0,
  );
}

/**
 * Looks for inverters on a serial line, until a speed has been found: the usual unit ids at every speed first, then the
 * others. Throws `Error` for people when the port cannot be opened. `progress`: 0 to 1.
 */
export async function scanSerial(
  { path, lines, answerMs, ...asked }: SerialScanOptions,
  io: ScanIo,
  progress: (share: number) => void = () => {},
): Promise<SerialFound | undefined> {
  const rounds = roundsOf(asked, lines);
  const total = rounds.reduce((sum, { questions, lines }) => sum + lines.length * questions.length, 0);
  let count = 0;
  const done = () => progress(++count / total);
  for (const [i, { questions, lines }] of rounds.entries()) {
    for (const line of lines) {
      const there = await answering(path, line, questions, answerMs, io, done);
      if (there.length === 0) continue;
      const others = await answering(
        path,
        line,
        rounds.slice(i + 1).flatMap((later) => later.questions),
        answerMs,
        io,
        done,
      );
      const talked = await identified(path, line, [...there, ...others], answerMs, io);
      progress(1);
      return { line, ...talked };
    }
  }
  return undefined;
}

/** Questions to be asked on one line after the other. */
interface Round {
  readonly questions: readonly Question[];
  readonly lines: readonly LineSettings[];
}

/** The usual unit ids first, then the others: with them a line is found soonest. The further ones at the likeliest lines. */
function roundsOf(
  { units, further = [] }: Pick<SerialScanOptions, "units" | "further">,
  lines: readonly LineSettings[],
): readonly Round[] {
  const usual = USUAL_UNITS.filter((unit) => units.includes(unit));
  const others = units.filter((unit) => !usual.includes(unit));
  const last = further.map((unit) => ({ unit, address: ADDRESSES[0] }));
  return [
    { questions: questionsOf(usual), lines },
    { questions: questionsOf(others), lines },
    { questions: last, lines: lines.slice(0, LIKELIEST) },
  ].filter(({ questions }) => questions.length > 0);
}

function questionsOf(units: readonly number[]): readonly Question[] {
  const addresses = units.length <= FEW ? ADDRESSES : ADDRESSES.slice(0, 1);
  return addresses.flatMap((address) => units.map((unit) => ({ unit, address })));
}

/** The units that answer at this speed. */
async function answering(
  path: string,
  line: LineSettings,
  questions: readonly Question[],
  answerMs: number,
  { clock, signal }: ScanIo,
  done: () => void,
): Promise<readonly number[]> {
  if (questions.length === 0 || signal.aborted) return [];
  const port = openSerial(path, line);
  try {
    return [...await sweep(port, questions, { ...timingOf(line), answerMs }, { clock, signal }, done)];
  } finally {
    port.close();
  }
}

/** What those who answered are. Who then says nothing is told all the same: somebody is there. */
async function identified(
  path: string,
  line: LineSettings,
  units: readonly number[],
  answerMs: number,
  io: ScanIo,
): Promise<Pick<SerialFound, "found" | "needs">> {
  await io.clock.sleep(PATIENT.settledMs, io.signal); // answers that are under way
  const pace = { baud: line.baud, bitsPerChar: bitsPerCharacter(line) };
  await using bus = scanBus(
    rtuLine(path, () => openSerial(path, line), pace, io.clock),
    Math.max(PATIENT.answerMs, answerMs),
    io,
  );
  const { found, silent, trouble } = await identifyAll(bus, units, io);
  if (trouble !== undefined) throw new Error(trouble);
  const why = "it answers now and then: look at the cable, its ends and its ground";
  const unknown = silent.map((unit): Found => ({ kind: "unknown", unit, why }));
  return { found: [...found, ...unknown], needs: { quirks: bus.quirks() } };
}

function timingOf(line: LineSettings) {
  return serialTiming({ baud: line.baud, bitsPerChar: bitsPerCharacter(line) });
}

function linesOf(bauds: readonly number[], parity: LineSettings["parity"]): readonly LineSettings[] {
  return bauds.map((baud) => LineSettings.parse({ baud, parity }));
}
