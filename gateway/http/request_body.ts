import type { Bytes } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import { Deadline } from "../../platform/deadline.ts";
import { Fault } from "../fault.ts";

/** Bounds of a request body. */
export interface BodyLimits {
  readonly maxBytes: number;
  /** The whole body has to arrive within this time. */
  readonly timeoutMs: number;
  /** Bytes of large bodies that may be on their way at the same time, 32 MiB when left out; one body always may. */
  readonly heldBytes?: number;
}

/** Bodies up to here are not counted: so many of them as there can be connections do no harm. */
const SMALL_BYTES = 65_536;
const HELD_BYTES = 32 * 1024 * 1024;

/**
 * The body of a request, as it came. Throws `Fault`: `too_large` as soon as more than `maxBytes` are announced or have arrived,
 * `unsupported_media_type` for a compressed body, `malformed` when it ends early or comes too slowly, `unavailable` when
 * too many large ones are on their way: who sends them has not been asked for a signature yet.
 */
export type BodyReader = (request: Request) => Promise<Bytes>;

interface BodyReaderIo {
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** Reads one body. */
export async function readBody(request: Request, limits: BodyLimits, clock: BodyReaderIo["clock"]): Promise<Bytes> {
  const done = new AbortController();
  try {
    return await createBodyReader(limits, { clock, signal: done.signal })(request);
  } finally {
    done.abort();
  }
}

/** Reads bodies until the signal aborts. */
export function createBodyReader(limits: BodyLimits, io: BodyReaderIo): BodyReader {
  const expire = createDeadlines(limits.timeoutMs, io);
  const room = createRoom(Math.max(limits.heldBytes ?? HELD_BYTES, limits.maxBytes));
  return (request) => {
    const coding = request.headers.get("content-encoding");
    if (coding !== null && coding.trim().toLowerCase() !== "identity") {
      throw new Fault("unsupported_media_type", "Cannot read a compressed body");
    }
    const announced = request.headers.get("content-length");
    if (announced !== null && Number(announced) > limits.maxBytes) throw tooLarge(limits);
    if (announced !== null && Number(announced) <= SMALL_BYTES) return expire(whole(request));
    const share = room();
    return expire(collect(request, limits, share)).finally(() => share.close());
  };
}

/** One body's part of the memory that all large ones share. */
interface Share {
  /** Throws `Fault` `unavailable` when there is no room for `bytes` more. */
  take(bytes: number): void;
  /** Gives back what was taken; nothing can be taken any more. */
  close(): void;
}

function createRoom(capacity: number): () => Share {
  let held = 0;
  return () => {
    let own = 0;
    let closed = false;
    return {
      take(bytes) {
        if (closed || held + bytes > capacity) {
          throw new Fault("unavailable", "Too many large bodies arrive at the same time", { retryAfter: 5 });
        }
        held += bytes;
        own += bytes;
      },
      close() {
        closed = true;
        held -= own;
        own = 0;
      },
    };
  };
}

/** Lets a body arrive, but not for ever. All share one timer: one for each request would cost more than reading its body. */
function createDeadlines(timeoutMs: number, { clock, signal }: BodyReaderIo): (body: Promise<Bytes>) => Promise<Bytes> {
  const waiting = new Map<() => void, number>(); // oldest first, with the time at which it is late
  const deadline = new Deadline(clock, () => {
    const now = clock.monotonic();
    for (const [giveUp, at] of waiting) {
      if (at > now) return deadline.armAt(at);
      waiting.delete(giveUp);
      giveUp();
    }
  });
  signal.addEventListener("abort", () => deadline[Symbol.dispose](), { once: true });
  return (body) =>
    new Promise((resolve, reject) => {
      const giveUp = () => reject(new Fault("malformed", "The body did not arrive in time"));
      waiting.set(giveUp, clock.monotonic() + timeoutMs);
      if (!signal.aborted && waiting.size === 1) deadline.arm(timeoutMs);
      const end = () => waiting.delete(giveUp);
      body.then((bytes) => (end(), resolve(bytes)), (error) => (end(), reject(error)));
    });
}

/** A body whose length was announced: the HTTP layer holds it to that. */
async function whole(request: Request): Promise<Bytes> {
  try {
    return await request.bytes();
  } catch (cause) {
    throw new Fault("malformed", "The body ended early", { cause });
  }
}

async function collect(request: Request, limits: BodyLimits, share: Share): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      length += chunk.length;
      if (length > limits.maxBytes) throw tooLarge(limits);
      share.take(chunk.length);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof Fault ? cause : new Fault("malformed", "The body ended early", { cause });
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function tooLarge(limits: BodyLimits): Fault {
  return new Fault("too_large", `The body is larger than ${limits.maxBytes} bytes`);
}

/** Refuses a body that does not call itself JSON (RFC 8259), with or without parameters. */
export function requireJson(headers: Headers): void {
  const type = headers.get("content-type");
  if (type === "application/json") return;
  if (type?.split(";", 1)[0]?.trim().toLowerCase() === "application/json") return;
  throw new Fault("unsupported_media_type", "The body has to be application/json");
}
