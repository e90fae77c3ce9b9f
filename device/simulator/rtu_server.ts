import type { Clock } from "../../platform/clock.ts";
import type { ByteStream } from "../modbus/byte_stream.ts";
import { LineClosed } from "../modbus/byte_stream.ts";
import { type Adu, decodeRtu, RTU_BYTES, rtuRequestLength } from "../modbus/rtu.ts";
import { rtuAnswer } from "./rtu_answer.ts";
import { reply, type Site } from "./site.ts";

/** A serial line that a simulator sits on. */
export interface Line {
  /** What the other side opens; for a serial port the one we opened. */
  readonly path: string;
  readonly stream: ByteStream;
}

/** A Modbus RTU server that runs. */
export interface RtuServer extends AsyncDisposable {
  /** Path of the line as it is now: a pty that was unplugged comes back under another name. */
  readonly path: string;
}

/** Within a frame no pause is longer, ms: USB adapters hold bytes back for up to 16, slow lines need more. */
const PAUSE_MS = 50;
const IDLE_MS = 60_000;
/** An adapter that was unplugged is back after this long. */
const REPLUG_MS = 500;

/** Serves a site on a serial line, which `open` gives: at once (its error is thrown) and whenever it was lost. */
export function serveRtu(site: Site, open: () => Line, io: { readonly clock: Clock }): RtuServer {
  const stop = new AbortController();
  let line = open();
  const serving = (async () => {
    while (!stop.signal.aborted) {
      await serveLine(site, line.stream, io.clock, stop.signal);
      line.stream.close();
      line = await reopen(open, io.clock, stop.signal) ?? line;
    }
  })();
  return {
    get path() {
      return line.path;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      line.stream.close();
      await serving;
      line.stream.close();
    },
  };
}

async function reopen(open: () => Line, clock: Clock, stop: AbortSignal): Promise<Line | undefined> {
  for (;;) {
    await clock.sleep(REPLUG_MS, stop);
    if (stop.aborted) return undefined;
    try {
      return open();
    } catch {
      // still unplugged: the next round tries again
    }
  }
}

/** Answers requests until the line is gone or a fault unplugs it. */
async function serveLine(site: Site, stream: ByteStream, clock: Clock, stop: AbortSignal): Promise<void> {
  let held = new Uint8Array();
  const late = new AbortController();
  const ended = AbortSignal.any([stop, late.signal]);
  try {
    for (;;) {
      const chunk = await stream.read(held.length > 0 ? PAUSE_MS : IDLE_MS);
      const { frame, rest } = takeRequest(chunk ? joined(held, chunk) : new Uint8Array());
      held = rest;
      if (frame && await answer(site, stream, frame, clock, ended) === "unplug") return;
    }
  } catch (error) {
    if (!(error instanceof LineClosed)) throw error;
  } finally {
    late.abort();
  }
}

/**
 * The request at the start of what has arrived. Bytes that begin no request, fail the CRC or follow a request (the
 * client must wait for its answer) are dropped; silence after a part of one drops it, too.
 */
function takeRequest(bytes: Uint8Array<ArrayBuffer>): { frame?: Adu; rest: Uint8Array<ArrayBuffer> } {
  const length = rtuRequestLength(bytes);
  if (length === "unknown" || bytes.length > RTU_BYTES.max) return { rest: new Uint8Array() };
  if (length === "more" || bytes.length < length) return { rest: bytes };
  const decoded = decodeRtu(bytes.subarray(0, length));
  return decoded.ok ? { frame: decoded.value, rest: new Uint8Array() } : { rest: new Uint8Array() };
}

async function answer(
  site: Site,
  stream: ByteStream,
  frame: Adu,
  clock: Clock,
  stop: AbortSignal,
): Promise<"unplug" | void> {
  if (frame.unit === 0) {
    // A broadcast is obeyed by all and answered by none.
    for (const unit of site.units.keys()) reply(site, "rtu", { unit, pdu: frame.pdu });
    return;
  }
  const given = reply(site, "rtu", frame);
  if (!given || given.fault?.kind === "timeout") return;
  if (given.fault?.kind === "disconnect") return "unplug";
  const bytes = rtuAnswer(frame.unit, given, site.plan);
  if (given.fault?.kind !== "late") return await stream.write(bytes);
  void clock.sleep(given.fault.delayMs, stop).then(async () => {
    if (!stop.aborted) await stream.write(bytes).catch(() => {});
  });
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
