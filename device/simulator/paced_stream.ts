import type { ByteStream } from "../modbus/byte_stream.ts";

/** Silence that ends an RTU frame, characters (Modbus over serial line 1.02 §2.5.1.1). */
const FRAME_GAP = 3.5;
/** A schedule that is further behind than this starts anew, ms. */
const STALE_MS = 20;

/** A timer as exact as a UART: milliseconds, with fractions. */
export interface FineTimer {
  now(): number;
  /** Resolves at a moment of `now`, or within a tenth of a millisecond after it. */
  until(moment: number): Promise<void>;
}

/**
 * A stream that takes as long as a wire where a character takes `charMs`: what is read is handed on when its last
 * character and the silence after it would be over, what is written leaves character by character. Times are kept on
 * one schedule, so that late timers do not add up.
 */
export function pacedStream(stream: ByteStream, charMs: number, timer: FineTimer): ByteStream {
  let wireFree = 0;
  return {
    async read(timeoutMs) {
      const bytes = await stream.read(timeoutMs);
      if (!bytes) return undefined;
      wireFree = timer.now() + (bytes.length + FRAME_GAP) * charMs;
      await timer.until(wireFree);
      return bytes;
    },
    async write(bytes) {
      const now = timer.now();
      const start = now - wireFree > STALE_MS ? now : wireFree;
      for (let sent = 0; sent < bytes.length;) {
        await timer.until(start + (sent + 1) * charMs);
        const due = Math.min(bytes.length, Math.floor((timer.now() - start) / charMs));
        await stream.write(bytes.subarray(sent, Math.max(sent + 1, due)));
        sent = Math.max(sent + 1, due);
      }
      wireFree = start + bytes.length * charMs;
    },
    discardInput: () => stream.discardInput(),
    close: () => stream.close(),
  };
}
