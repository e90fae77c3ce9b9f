import { rtuLine } from "../modbus/lines.ts";
import { openSerial } from "../serial/port.ts";
import { bitsPerCharacter, LineSettings } from "../serial/settings.ts";
import type { Found } from "./identify.ts";
import { type ScanIo, scanLine } from "./lines.ts";

/** What of a serial line is looked at. */
export interface SerialScanOptions {
  readonly path: string;
  readonly bauds: readonly number[];
  readonly parities: readonly LineSettings["parity"][];
  readonly units: readonly number[];
  /** Milliseconds for each answer, after the request is on the wire. */
  readonly answerMs: number;
}

/** An inverter on a serial line, and how it is spoken to. */
export interface SerialFound {
  readonly line: LineSettings;
  readonly found: readonly Found[];
}

/** Speeds that inverters have, the likeliest first. */
export const USUAL_BAUDS: readonly number[] = [9600, 19_200, 115_200, 38_400];
/** Bytes of a request, and pauses around it. */
const REQUEST_BYTES = 8 + 4;

/** Milliseconds that a scan takes when nothing answers: two requests a unit. */
export function serialScanMs({ bauds, parities, units, answerMs }: Omit<SerialScanOptions, "path">): number {
  const a = parities.length * units.length * 2;
  return bauds.reduce((sum, baud) => sum + a * (answerMs + 1000 * 11 * REQUEST_BYTES / baud), 0);
}

/**
 * Looks for inverters on a serial line: every unit id at every speed and parity, until a speed has been found. Throws
 * `Error` for people when the port cannot be opened. `progress`: 0 to 1.
 */
export async function scanSerial(
  { path, bauds, parities, units, answerMs }: SerialScanOptions,
  io: ScanIo,
  progress: (share: number) => void = () => {},
): Promise<SerialFound | undefined> {
  const settings = parities.flatMap((parity) => bauds.map((baud) => LineSettings.parse({ baud, parity })));
  const total = settings.length * units.length;
  let asked = 0;
  for (const line of settings) {
    const pace = { baud: line.baud, bitsPerChar: bitsPerCharacter(line) };
    const { found, trouble } = await scanLine(
      rtuLine(path, () => openSerial(path, line), pace, io.clock),
      units,
      answerMs,
      io,
      () => progress(++asked / total),
    );
    if (trouble !== undefined) throw new Error(trouble);
    if (found.length > 0) {
      progress(1);
      return { line, found };
    }
    if (io.signal.aborted) return undefined;
  }
  return undefined;
}
