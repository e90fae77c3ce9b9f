/** A stop takes less than this; another signal within it is the same Ctrl-C, passed on by a task runner. */
const STOP_MS = 1000;

/** Aborts on the first SIGINT or SIGTERM; one that comes after the stop should be over ends the process at once. */
export function untilStopped(): { readonly signal: AbortSignal; readonly stop: (why: string) => void } & Disposable {
  const controller = new AbortController();
  let since = 0;
  const stop = () => {
    if (!controller.signal.aborted) {
      since = performance.now();
      controller.abort();
    } else if (performance.now() - since > STOP_MS) Deno.exit(130);
  };
  const signals: readonly Deno.Signal[] = ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return {
    signal: controller.signal,
    /** Ends the program as the first signal does; `why`, for people, is the reason of the signal. */
    stop: (why) => controller.abort(why),
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    },
  };
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
