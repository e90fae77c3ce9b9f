import type { Logger } from "@logtape/logtape";
import { utf8 } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import type { ProfileOf } from "../../profiles/known_profile.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { Fault } from "../fault.ts";
import { createNews, type NewestSample, newestSamples } from "../ingest/newest_sample.ts";
import type { SampleFeed } from "../ingest/sample_feed.ts";
import type { ChangeReader } from "../store/change_reader.ts";
import type { StoreChanges } from "../store/changes.ts";

/** What a stream tells: names of `GET /events` and data as JSON. */
interface Message {
  readonly event: string;
  readonly data: unknown;
}

/** Streams of events for those who look at the gateway now. */
export interface EventStreams {
  /**
   * One more stream of server-sent events (WHATWG HTML §9.2), until its reader goes away or is too slow, `allowed` says no,
   * or the gateway stops. `reader` is the token that it reads with. Throws `Fault`: `too_many` when that has its share of
   * streams, `unavailable` when there are too many in all.
   */
  open(reader: string, allowed: () => boolean): ReadableStream<Uint8Array<ArrayBuffer>>;
}

interface EventStreamsIo {
  readonly feed: Pick<SampleFeed, "listen">;
  readonly profileOf: ProfileOf;
  readonly changes: Pick<StoreChanges, "listen">;
  /** A reader that takes what is there now for known. */
  readonly changeReader: () => ChangeReader;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends all streams. */
  readonly signal: AbortSignal;
}

const MAX_STREAMS = 64;
/** Of one token: all the others find a place. */
const MAX_STREAMS_OF_READER = 16;
/** Seconds after which somebody who found no place may try again. */
const RETRY_S = 30;
/** Messages that wait for a reader; who is slower is cut off and comes back to a fresh state. */
const MAX_WAITING = 256;
/** Time between two looks whether the readers may still read. */
const LOOK_MS = 500;
/** Looks between two signs of life: 15 seconds, less than what proxies wait. */
const BEAT_LOOKS = 30;

interface Stream {
  readonly reader: string;
  readonly controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  readonly allowed: () => boolean;
}

export function createEventStreams(io: EventStreamsIo): EventStreams {
  const { log, signal } = io;
  const readers = new Readers();
  signal.addEventListener("abort", () => readers.endAll(), { once: true });
  let watching = false;
  const watch = async () => {
    if (watching) return;
    watching = true;
    try {
      await tellReaders(readers, io);
    } catch (error) {
      log.error("events are not told any more: {error}", { error });
      readers.endAll();
    } finally {
      watching = false;
    }
  };
  return {
    open(reader, allowed) {
      if (signal.aborted) throw new Fault("unavailable", "The gateway stops", { retryAfter: 5 });
      if (readers.count >= MAX_STREAMS) {
        throw new Fault("unavailable", `Cannot open more than ${MAX_STREAMS} streams of events`, {
          retryAfter: RETRY_S,
        });
      }
      if (readers.countOf(reader) >= MAX_STREAMS_OF_READER) {
        const most = `Cannot open more than ${MAX_STREAMS_OF_READER} streams of events with one token`;
        throw new Fault("too_many", most, { retryAfter: RETRY_S });
      }
      const stream = readers.open(reader, allowed);
      void watch();
      return stream;
    },
  };
}

/** Tells what happens for as long as somebody reads. Rejects when the store does not answer. */
async function tellReaders(
  readers: Readers,
  { feed, profileOf, changes, changeReader, clock, signal }: EventStreamsIo,
): Promise<void> {
  const news = changeReader();
  let trouble: unknown;
  const changed = () => {
    readers.endUnwelcome();
    for (const change of readers.count > 0 ? news() : []) readers.tell(change);
  };
  using _samples = listenToSamples({ feed, profileOf }, (message) => readers.tell(message));
  using _changes = changes.listen({ changed, failed: (error) => void (trouble = error) });
  for (let look = 1; readers.count > 0 && !signal.aborted; look++) {
    await clock.sleep(LOOK_MS, signal);
    if (trouble !== undefined) throw trouble;
    readers.endUnwelcome();
    if (look % BEAT_LOOKS === 0) readers.send(utf8(": still here\n\n"));
  }
}

/** The streams that are open. */
class Readers {
  readonly #streams = new Set<Stream>();

  get count(): number {
    return this.#streams.size;
  }

  countOf(reader: string): number {
    return [...this.#streams].filter((stream) => stream.reader === reader).length;
  }

  open(reader: string, allowed: () => boolean): ReadableStream<Uint8Array<ArrayBuffer>> {
    let opened: Stream | undefined;
    return new ReadableStream({
      start: (controller) => {
        this.#streams.add(opened = { reader, controller, allowed });
        controller.enqueue(utf8("retry: 2000\n\n"));
      },
      cancel: () => void (opened && this.#streams.delete(opened)),
    }, { highWaterMark: MAX_WAITING });
  }

  tell({ event, data }: Message): void {
    this.send(utf8(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  }

  send(text: Uint8Array<ArrayBuffer>): void {
    for (const stream of this.#streams) {
      if ((stream.controller.desiredSize ?? 0) <= 0) this.#end(stream);
      else stream.controller.enqueue(text);
    }
  }

  /** Ends the streams of those who may not read any more. */
  endUnwelcome(): void {
    for (const stream of [...this.#streams]) if (!stream.allowed()) this.#end(stream);
  }

  endAll(): void {
    for (const stream of [...this.#streams]) this.#end(stream);
  }

  #end(stream: Stream): void {
    if (this.#streams.delete(stream)) stream.controller.close();
  }
}

/** For who answers without being there: a command of this machine. */
export const NO_EVENTS: EventStreams = {
  open() {
    throw new Fault("refused", "Events are told by a running gateway only");
  },
};

/** The newest sample of each inverter in an upload, unless it is older than what was told. */
function listenToSamples(
  { feed, profileOf }: Pick<EventStreamsIo, "feed" | "profileOf">,
  tell: (message: Message) => void,
): Disposable {
  const isNews = createNews();
  return feed.listen((batches) => {
    for (const newest of newestSamples(batches, profileOf)) {
      if (isNews(newest)) tell({ event: "sample", data: sampleView(newest) });
    }
  });
}

function sampleView({ device, inverter, profile, registers, sample, quality }: NewestSample) {
  const physical = physicalColumns(profile, registers)(sample.values);
  const values = registers.map((name, index) => [name, physical[index]] as const);
  return {
    device_id: device,
    inverter,
    time_ms: sample.at,
    quality,
    values: Object.fromEntries(values.filter(([, value]) => value !== undefined)),
  };
}
