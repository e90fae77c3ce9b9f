import type { Logger } from "@logtape/logtape";
import type { DatabaseSync } from "node:sqlite";
import { utf8 } from "../../crypto/bytes.ts";
import type { Clock } from "../../platform/clock.ts";
import { physicalColumns } from "../../protocol/profile/physical.ts";
import { Fault } from "../fault.ts";
import { createNews, type NewestSample, newestSamples } from "../ingest/newest_sample.ts";
import type { SampleFeed } from "../ingest/sample_feed.ts";
import { createChangeReader } from "./changes.ts";

/** What a stream tells: names of `GET /events` and data as JSON. */
interface Message {
  readonly event: string;
  readonly data: unknown;
}

/** Streams of events for those who look at the gateway now. */
export interface EventStreams {
  /**
   * One more stream of server-sent events (WHATWG HTML §9.2), until its reader goes away or is too slow, `allowed` says no,
   * or the gateway stops. Throws `Fault` `unavailable` when there are too many.
   */
  open(allowed: () => boolean): ReadableStream<Uint8Array<ArrayBuffer>>;
}

export interface EventStreamsIo {
  readonly feed: Pick<SampleFeed, "listen">;
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends all streams. */
  readonly signal: AbortSignal;
}

const MAX_STREAMS = 64;
/** Messages that wait for a reader; who is slower is cut off and comes back to a fresh state. */
const MAX_WAITING = 256;
const LOOK_MS = 500;
/** Looks between two signs of life: 15 seconds, less than what proxies wait. */
const BEAT_LOOKS = 30;

type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

interface Stream {
  readonly controller: Controller;
  readonly allowed: () => boolean;
}

export function createEventStreams(io: EventStreamsIo): EventStreams {
  const { clock, log, signal } = io;
  const streams = new Set<Stream>();
  const end = (stream: Stream) => {
    if (streams.delete(stream)) stream.controller.close();
  };
  const send = (text: Uint8Array<ArrayBuffer>) => {
    for (const stream of streams) {
      if ((stream.controller.desiredSize ?? 0) <= 0) end(stream);
      else stream.controller.enqueue(text);
    }
  };
  const tell = ({ event, data }: Message) => send(utf8(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  let watching = false;
  const watch = async () => {
    if (watching) return;
    watching = true;
    const changes = createChangeReader(io.db);
    using _samples = listenToSamples(io.feed, tell);
    for (let look = 1; streams.size > 0 && !signal.aborted; look++) {
      await clock.sleep(LOOK_MS, signal);
      for (const stream of [...streams]) if (signal.aborted || !stream.allowed()) end(stream);
      for (const change of streams.size > 0 ? changes() : []) tell(change);
      if (look % BEAT_LOOKS === 0) send(utf8(": still here\n\n"));
    }
    watching = false;
  };
  const endAll = () => [...streams].forEach(end);
  signal.addEventListener("abort", endAll, { once: true });
  const start = () =>
    void watch().catch((error) => {
      watching = false;
      log.error("events are not told any more: {error}", { error });
      endAll();
    });
  return {
    open(allowed) {
      if (signal.aborted) throw new Fault("unavailable", "The gateway stops", { retryAfter: 5 });
      if (streams.size >= MAX_STREAMS) {
        throw new Fault("unavailable", `Cannot open more than ${MAX_STREAMS} streams of events`, { retryAfter: 30 });
      }
      let opened: Stream | undefined;
      return new ReadableStream({
        start(controller) {
          streams.add(opened = { controller, allowed });
          controller.enqueue(utf8("retry: 2000\n\n"));
          start();
        },
        cancel: () => void (opened && streams.delete(opened)),
      }, { highWaterMark: MAX_WAITING });
    },
  };
}

/** For who answers without being there: a command of this machine. */
export const NO_EVENTS: EventStreams = {
  open() {
    throw new Fault("refused", "Events are told by a running gateway only");
  },
};

/** The newest sample of each inverter in an upload, unless it is older than what was told. */
function listenToSamples(feed: Pick<SampleFeed, "listen">, tell: (message: Message) => void): Disposable {
  const isNews = createNews();
  return feed.listen((batches) => {
    for (const newest of newestSamples(batches)) {
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
