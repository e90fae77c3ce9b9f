import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";

/** The events of `GET /events`. */
const LIVE_NAMES = ["sample", "device", "command", "settings", "firmware", "log"] as const;
export type LiveName = (typeof LIVE_NAMES)[number];

/** The newest values of an inverter. */
export interface SampleEvent {
  readonly device_id: string;
  readonly inverter: string;
  readonly time_ms: number;
  readonly quality: string;
  readonly values: Readonly<Record<string, number>>;
}

/** What an event tells. All name the device they are about, if it is one; pages fetch the rest. */
export type LiveEvent = Partial<SampleEvent> & { readonly device_id?: string };

/** The stream of events, one for the whole page. */
interface Live {
  /** Gives what ends it. */
  listen(name: LiveName, listener: (event: LiveEvent) => void): () => void;
  /** Called when the stream is back after a break: what was missed is not repeated. */
  onReconnect(listener: () => void): () => void;
  close(): void;
}

/** How the stream is. */
export type LiveState = "connecting" | "live" | "lost";

/** When a stream that was refused is asked for again. One that breaks is left to the browser, which is as quick. */
const AGAIN_MS = 3_000;

/** Opens the stream, and again whenever it ends. */
export function openLive(onState: (state: LiveState) => void): Live {
  const listeners = new Map<LiveName, Set<(event: LiveEvent) => void>>();
  const reconnects = new Set<() => void>();
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let wasOpen = false;
  const open = () => {
    const opened = new EventSource("/events");
    source = opened;
    opened.onopen = () => {
      onState("live");
      if (wasOpen) { for (const listener of reconnects) listener(); }
      wasOpen = true;
    };
    opened.onerror = () => {
      onState(wasOpen ? "lost" : "connecting");
      if (opened.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS);
    };
    for (const name of LIVE_NAMES) {
      opened.addEventListener(name, ({ data }: MessageEvent<string>) => {
        const event: LiveEvent = JSON.parse(data);
        for (const listener of listeners.get(name) ?? []) listener(event);
      });
    }
  };
  open();
  return {
    listen(name, listener) {
      const those = listeners.get(name) ?? new Set();
      listeners.set(name, those.add(listener));
      return () => void those.delete(listener);
    },
    onReconnect(listener) {
      reconnects.add(listener);
      return () => void reconnects.delete(listener);
    },
    close() {
      clearTimeout(again);
      source?.close();
    },
  };
}

const SILENT: Live = { listen: () => () => {}, onReconnect: () => () => {}, close: () => {} };

export const LiveContext = createContext<Live>(SILENT);

export function useLive(): Live {
  return useContext(LiveContext);
}

/** Calls `listener` for every event of a name while the component is shown. */
export function useEvent(name: LiveName, listener: (event: LiveEvent) => void): void {
  const live = useLive();
  const current = useRef(listener);
  current.current = listener;
  useEffect(() => live.listen(name, (event) => current.current(event)), [live, name]);
}
