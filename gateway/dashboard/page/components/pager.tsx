import { useRef, useState } from "preact/hooks";

/** Where the reader is in a list that goes further back than one page. `C`: what the gateway calls the next page. */
interface Pager<C> {
  /** For the request; `undefined`: the newest page. */
  readonly before: C | undefined;
  /** From 1. */
  readonly number: number;
  readonly older: (next: C) => void;
  readonly newer: () => void;
}

/** `of`: what is listed; a list of something else begins with its newest page. */
export function usePager<C>(of: string): Pager<C> {
  const [state, setState] = useState<{ readonly of: string; readonly cursors: readonly C[] }>({ of, cursors: [] });
  const cursors = state.of === of ? state.cursors : [];
  const before = cursors.at(-1);
  return {
    before,
    number: cursors.length + 1,
    older: (next) => next !== before && setState({ of, cursors: [...cursors, next] }),
    newer: () => setState({ of, cursors: cursors.slice(0, -1) }),
  };
}

/** Turns the pages; nothing, while all of it is on the first. `next`: null where there is none, undefined until that is known. */
export function PagerButtons<C>({ pager, next }: { readonly pager: Pager<C>; readonly next: C | null | undefined }) {
  const { number, older, newer } = pager;
  const isLast = next === null || next === undefined;
  const isShown = useRef(false);
  // While a page is on its way nobody knows of a next one: the buttons, and the focus on them, stay till it is there.
  if (number > 1 || !isLast) isShown.current = true;
  else if (next === null) isShown.current = false;
  if (!isShown.current) return null;
  return (
    <div class="pager">
      <button type="button" aria-disabled={number === 1} onClick={() => number > 1 && newer()}>Newer</button>
      <span role="status">Page {number}</span>
      <button type="button" aria-disabled={isLast} onClick={() => !isLast && older(next)}>Older</button>
    </div>
  );
}
