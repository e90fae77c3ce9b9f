import type { Clock } from "../../platform/clock.ts";
import type { LineTiming } from "./line_timing.ts";
import type { ByteStream } from "./byte_stream.ts";
import { type QuirkOptions, Quirks } from "./quirks.ts";
import { LateAnswers } from "./late_answers.ts";
import type { Line } from "./line.ts";
import { MbapLink } from "./mbap_link.ts";
import { RtuLink, type RtuOptions } from "./rtu_link.ts";
import { openTcp, type TcpOptions } from "./tcp_stream.ts";

/** Bytes and bits of a serial line. */
interface SerialPace {
  readonly baud: number;
  /** Start, data, parity and stop bits of one character; default 11, as the specification has it (8E1). 8N1: 10. */
  readonly bitsPerChar?: number;
  /** Milliseconds between frames, instead of t3.5; never taken below it. */
  readonly gapMs?: number;
}

/** A half-dead connection is opened again after so many requests without an answer of their own. */
const MISSES = 3;
/** Milliseconds between frames through a gateway whose serial side is unknown: t3.5 at 9600 baud, rounded up. */
const UNKNOWN_GAP_MS = 5;

/** Milliseconds a character and the silence between frames take (Modbus over serial line 1.02 §2.5.1.1). */
export function serialTiming({ baud, bitsPerChar = 11, gapMs = 0 }: SerialPace): LineTiming {
  const charMs = 1000 * bitsPerChar / baud;
  const silence = baud > 19200 ? 1.75 : 3.5 * charMs;
  return { charMs, gapMs: Math.max(gapMs, silence) };
}

/** Modbus RTU on a serial port. `open` opens the port; it is called again after an unplug. */
export function rtuLine(
  name: string,
  open: (signal: AbortSignal) => Promise<ByteStream> | ByteStream,
  pace: SerialPace & RtuOptions & Tolerant,
  clock: Clock,
): Line {
  const known = { timing: serialTiming(pace), late: new LateAnswers(), quirks: new Quirks(pace.quirks ?? {}, OF_RTU) };
  return {
    name,
    ...known,
    broadcasts: true,
    connect: async (signal) => new RtuLink(await open(signal), clock, { ...pace, ...known }),
  };
}

/** What devices on a line may do; what is not said is noticed where that is safe. */
interface Tolerant {
  readonly quirks?: QuirkOptions;
}

/** How a connection is kept, and `open`ed: default by TCP. */
interface ConnectionOptions extends TcpOptions, Tolerant, Pick<Line, "idleCloseMs" | "maxAgeMs"> {
  readonly open?: typeof openTcp;
}

/** What may be noticed, whoever is on the line: it cannot make another unit's answer pass. */
const OF_RTU = ["ignore_length"] as const;
const OF_TCP = ["ignore_transaction_id", "ignore_protocol_id", "ignore_length"] as const;

/** Modbus TCP. `gapMs`: milliseconds between requests, for devices that need a pause; default 0. */
export function tcpLine(options: ConnectionOptions & { readonly gapMs?: number }, clock: Clock): Line {
  const { gapMs = 0, open = openTcp } = options;
  const quirks = new Quirks(options.quirks ?? {}, OF_TCP);
  const link = { gapMs, quirks, late: new LateAnswers() };
  return {
    ...kept(options),
    timing: { charMs: 0, gapMs },
    broadcasts: false,
    quirks,
    connect: async (signal) => new MbapLink(await open(options, clock, signal), clock, link),
  };
}

/** Modbus RTU frames through TCP, as serial servers in transparent mode pass them. */
export function rtuOverTcpLine(
  options: ConnectionOptions & RtuOptions & { readonly baud?: number; readonly gapMs?: number },
  clock: Clock,
): Line {
  const timing = options.baud === undefined
    ? { charMs: 0, gapMs: options.gapMs ?? UNKNOWN_GAP_MS }
    : serialTiming({ baud: options.baud, gapMs: options.gapMs ?? 0 });
  const { open = openTcp } = options;
  const known = { timing, late: new LateAnswers(), quirks: new Quirks(options.quirks ?? {}, OF_RTU) };
  return {
    ...kept(options),
    ...known,
    broadcasts: true,
    connect: async (signal) => new RtuLink(await open(options, clock, signal), clock, { ...options, ...known }),
  };
}

function kept({ host, port, idleCloseMs, maxAgeMs }: ConnectionOptions) {
  return {
    name: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    reopenAfterMisses: MISSES,
    ...(idleCloseMs === undefined ? {} : { idleCloseMs }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  };
}
