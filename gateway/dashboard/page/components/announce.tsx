import { type ComponentChildren, createContext } from "preact";
import { useContext, useMemo, useState } from "preact/hooks";

/** Tells the result of what the reader did, to the eye and to a screen reader. */
interface Announce {
  /** It went well: "Settings of roof saved". */
  done(text: string): void;
  /** It did not. Stays until it is closed or the next one comes. */
  problem(text: string): void;
}

interface Message {
  readonly text: string;
  readonly tone: "done" | "problem";
  readonly id: number;
}

const AnnounceContext = createContext<Announce>({ done: () => {}, problem: () => {} });

export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}

const SHOWN_MS = 6_000;

export function AnnounceProvider({ children }: { readonly children: ComponentChildren }) {
  const [message, setMessage] = useState<Message>();
  const announce = useMemo<Announce>(() => {
    let count = 0;
    const close = (id: number) => setMessage((shown) => shown?.id === id ? undefined : shown);
    return {
      done(text) {
        const id = ++count;
        setMessage({ text, tone: "done", id });
        setTimeout(() => close(id), SHOWN_MS);
      },
      problem: (text) => setMessage({ text, tone: "problem", id: ++count }),
    };
  }, []);
  const show = (tone: Message["tone"]) =>
    message?.tone === tone && (
      <p class={`toast ${tone}`} key={message.id}>
        <span>{message.text}</span>
        <button type="button" class="quiet" aria-label="Close this message" onClick={() => setMessage(undefined)}>
          ✕
        </button>
      </p>
    );
  return (
    <AnnounceContext.Provider value={announce}>
      {children}
      <div class="toasts" role="status">{show("done")}</div>
      <div class="toasts" role="alert">{show("problem")}</div>
    </AnnounceContext.Provider>
  );
}
