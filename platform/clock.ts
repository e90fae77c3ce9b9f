/** Time as a parameter, so that a test can move it. */
export interface Clock {
  /** Wall clock, unix milliseconds. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonic(): number;
  /** Milliseconds since the machine started, in whole seconds, with those in which it slept; left out where nobody knows. */
  uptime?(): number | undefined;
  /** Names this start of the machine, until which `uptime` counts; left out where nobody knows. */
  boot?(): string | undefined;
  /** Resolves after `ms`, or as soon as `signal` aborts (it never rejects: look at the signal). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => 1000 * Deno.osUptime(),
  boot: bootId,
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};

/** Of Linux. */
function bootId(): string | undefined {
  try {
    return Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
  } catch {
    return undefined; // another system, or a sandbox: then no start of the machine is known again
  }
}
