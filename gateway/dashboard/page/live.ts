import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";

/** The events of `GET /events`. */
export const LIVE_NAMES = ["sample", "device", "command", "settings", "firmware", "log"] as const;
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
export interface Live {
  /** Gives what ends it. */
  listen(name: LiveName, listener: (event: LiveEvent) => void): () => void;
  /** Called when the stream is back after a break: what was missed is not repeated. */
  onReconnect(listener: () => void): () => void;
  close(): void;
}

/** How the stream is. */
export type LiveState = "connecting" | "live" | "lost";

/** Opens the stream; the browser connects again by itself. */
export function openLive(onState: (state: LiveState) => void): Live {
  const source = new EventSource("/events");
  const reconnects = new Set<() => void>();
  let wasOpen = false;
  source.onopen = () => {
    onState("live");
    if (wasOpen) { for (const listener of reconnects) listener(); }
    wasOpen = true;
  };
  source.onerror = () => onState(source.readyState === EventSource.CLOSED ? "lost" : "connecting");
  return {
    listen(name, listener) {
      const hear = (event: MessageEvent<string>) => listener(JSON.parse(event.data));
      source.addEventListener(name, hear);
      return () => source.removeEventListener(name, hear);
    },
    onReconnect(listener) {
      reconnects.add(listener);
      return () => void reconnects.delete(listener);
    },
    close: () => source.close(),
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
