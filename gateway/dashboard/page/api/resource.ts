import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type LiveEvent, type LiveName, useLive } from "../live.ts";
import { useApi } from "../session.tsx";
import { ApiProblem, messageOf } from "./client.ts";

/** Something of the API, as a page shows it. What was known stays while a newer answer is waited for or fails. */
export interface Resource<T> {
  readonly value: T | undefined;
  readonly problem: ApiProblem | undefined;
  /** Whether `value` is what this path gave, and not another one before it. */
  readonly isOwn: boolean;
  readonly reload: () => void;
}

interface ResourceOptions {
  /** Events that make it old. */
  readonly on?: readonly LiveName[];
  /** Which of them concern it; all when left out. */
  readonly where?: (event: LiveEvent) => boolean;
  /** Milliseconds after which it is asked for again anyway. */
  readonly every?: number;
  /** Whether what another path gave stays until this one's answer is there, as when the pages of a list are turned. */
  readonly stays?: boolean;
}

/** Least time between two requests that events bring about. */
const CALM_MS = 1_000;

/** Asks for a path of the API (`undefined`: not yet) and keeps the answer fresh. */
export function useResource<T>(path: string | undefined, options: ResourceOptions = {}): Resource<T> {
  const api = useApi();
  const { stays = false } = options;
  const [state, setState] = useState<Omit<Resource<T>, "reload" | "isOwn"> & { path?: string | undefined }>(EMPTY);
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  useEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    api.get<T>(path, stop.signal).then(
      (value) => setState({ path, value, problem: undefined }),
      (error) => {
        if (stop.signal.aborted) return;
        const problem = error instanceof ApiProblem ? error : new ApiProblem(0, messageOf(error));
        setState((known) => known.path === path || stays ? { ...known, path, problem } : { ...EMPTY, path, problem });
      },
    );
    return () => stop.abort();
  }, [path, turn, api]);
  useReloads(reload, options);
  const shown = state.path === path || stays ? state : EMPTY;
  return { value: shown.value, problem: shown.problem, isOwn: state.path === path, reload };
}

const EMPTY = { value: undefined, problem: undefined };

function useReloads(reload: () => void, { on = [], where, every }: ResourceOptions): void {
  const filter = useRef(where);
  filter.current = where;
  const live = useLive();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = (event: LiveEvent) => {
      if (timer !== undefined || filter.current?.(event) === false) return;
      timer = setTimeout(() => {
        timer = undefined;
        reload();
      }, CALM_MS);
    };
    const ends = on.map((name) => live.listen(name, hear));
    const again = live.onReconnect(reload);
    return () => {
      clearTimeout(timer);
      again();
      ends.forEach((end) => end());
    };
  }, [live, reload, on.join()]);
  useEffect(() => {
    if (every === undefined) return;
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), every);
    return () => clearInterval(timer);
  }, [reload, every]);
}
