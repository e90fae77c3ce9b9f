import type { Clock } from "../../platform/clock.ts";
import type { ByteStream } from "../modbus/byte_stream.ts";
import { LineClosed } from "../modbus/byte_stream.ts";
import { type Adu, decodeRtu, rtuRequestLength } from "../modbus/rtu.ts";
import { rtuAnswer } from "./rtu_answer.ts";
import { simulateResponse, type Site } from "./site.ts";

/** A serial line that a simulator sits on. */
export interface Line {
  /** What the other side opens; for a serial port the one we opened. */
  readonly path: string;
  readonly stream: ByteStream;
}

/** A Modbus RTU server that runs. */
interface RtuServer extends AsyncDisposable {
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

/** Answers requests, one after the other as they came, until the line is gone or a fault unplugs it. */
async function serveLine(site: Site, stream: ByteStream, clock: Clock, stop: AbortSignal): Promise<void> {
  let held = new Uint8Array();
  try {
    for (;;) {
      const chunk = await stream.read(held.length > 0 ? PAUSE_MS : IDLE_MS);
      // Silence after a part of a request drops it.
      held = chunk ? joined(held, chunk) : new Uint8Array();
      for (let taken = takeRequest(held); taken; taken = takeRequest(held)) {
        held = taken.rest;
        if (taken.frame && await answer(site, stream, taken.frame, clock, stop) === "unplug") return;
      }
    }
  } catch (error) {
    if (!(error instanceof LineClosed)) throw error;
  }
}

/**
 * The request at the start of what has arrived; `undefined` while it is not whole. Where none begins, or its CRC is
 * wrong, all of it is dropped.
 */
function takeRequest(bytes: Uint8Array<ArrayBuffer>): { frame?: Adu; rest: Uint8Array<ArrayBuffer> } | undefined {
  const length = rtuRequestLength(bytes);
  if (length === "more") return undefined;
  if (length === "unknown") return { rest: new Uint8Array() };
  if (bytes.length < length) return undefined;
  const decoded = decodeRtu(bytes.subarray(0, length));
  return decoded.ok ? { frame: decoded.value, rest: bytes.slice(length) } : { rest: new Uint8Array() };
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
    for (const unit of site.units.keys()) simulateResponse(site, "rtu", { unit, pdu: frame.pdu });
    return;
  }
  const given = simulateResponse(site, "rtu", frame);
  if (!given || given.fault?.kind === "timeout") return;
  if (given.fault?.kind === "disconnect") return "unplug";
  if (given.fault?.kind === "late") await clock.sleep(given.fault.delayMs, stop);
  await stream.write(rtuAnswer(frame.unit, given, site.plan));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
