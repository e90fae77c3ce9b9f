import type { Clock } from "../../platform/clock.ts";
import type { LineTiming } from "./line_timing.ts";
import type { ByteStream } from "./byte_stream.ts";
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

/** A half-dead connection is opened again after so many requests without an answer. */
const SILENCES = 3;
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
  pace: SerialPace & Omit<RtuOptions, "timing">,
  clock: Clock,
): Line {
  const timing = serialTiming(pace);
  return {
    name,
    timing,
    broadcasts: true,
    connect: async (signal) => new RtuLink(await open(signal), clock, { ...pace, timing }),
  };
}

/** How a connection is kept. */
type ConnectionOptions = TcpOptions & Pick<Line, "idleCloseMs" | "maxAgeMs">;

/** Modbus TCP. `gapMs`: milliseconds between requests, for devices that need a pause; default 0. */
export function tcpLine(options: ConnectionOptions & { readonly gapMs?: number }, clock: Clock): Line {
  return {
    ...kept(options),
    timing: { charMs: 0, gapMs: options.gapMs ?? 0 },
    broadcasts: false,
    connect: async (signal) => new MbapLink(await openTcp(options, clock, signal), clock, options.gapMs ?? 0),
  };
}

/** Modbus RTU frames through TCP, as serial servers in transparent mode pass them. */
export function rtuOverTcpLine(
  options: ConnectionOptions & Omit<RtuOptions, "timing"> & { readonly baud?: number; readonly gapMs?: number },
  clock: Clock,
): Line {
  const timing = options.baud === undefined
    ? { charMs: 0, gapMs: options.gapMs ?? UNKNOWN_GAP_MS }
    : serialTiming({ baud: options.baud, gapMs: options.gapMs ?? 0 });
  return {
    ...kept(options),
    timing,
    broadcasts: true,
    connect: async (signal) => new RtuLink(await openTcp(options, clock, signal), clock, { ...options, timing }),
  };
}

function kept({ host, port, idleCloseMs, maxAgeMs }: ConnectionOptions) {
  return {
    name: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    reopenAfterSilences: SILENCES,
    ...(idleCloseMs === undefined ? {} : { idleCloseMs }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  };
}
