import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../platform/clock.ts";

/** Who waits for commands, and how they are woken. */
export interface CommandNotifier {
  /** What has rung for the device so far: to be taken before a look at the store, and given to the wait that follows it. */
  heard(device: number): number;
  /**
   * Waits until the device's notifier rings, another process changes the database, `ms` are over or `signal` aborts. What rang
   * after `heard` was taken counts too: between the look and the wait lies a commit. A new wait for the same device ends
   * the one before: a device has one request, the others are dead connections.
   */
  wait(device: number, ms: number, heard: number, signal: AbortSignal): Promise<"look" | "superseded">;
  /** Something is queued for the device, and on disk. */
  ring(device: number): void;
}

/** How often other processes are looked after; a command from the command line waits no longer than this. */
const LOOK_MS = 500;

interface Waiter {
  wake(why: "look" | "superseded"): void;
}

/** A notifier over a database that other processes write to as well. */
export function createCommandNotifier(io: { readonly db: DatabaseSync; readonly clock: Clock }): CommandNotifier {
  const waiters = new Map<number, Waiter>();
  const others = io.db.prepare("PRAGMA data_version");
  const version = () => Number(others.get()?.["data_version"]);
  let seen = version();
  let watching = false;
  let changes = 0;
  const rings = new Map<number, number>();
  const heard = (device: number) => changes + (rings.get(device) ?? 0);
  const watch = async (signal: AbortSignal) => {
    if (watching) return;
    watching = true;
    try {
      while (waiters.size > 0 && !signal.aborted) {
        const now = version();
        if (now !== seen) {
          changes++;
          for (const waiter of [...waiters.values()]) waiter.wake("look");
        }
        seen = now;
        await io.clock.sleep(LOOK_MS, signal);
      }
    } finally {
      watching = false; // also when the database did not answer: the next wait begins anew
    }
  };
  return {
    heard,
    async wait(device, ms, before, signal) {
      waiters.get(device)?.wake("superseded");
      if (heard(device) !== before) return "look";
      const rung = Promise.withResolvers<"look" | "superseded">();
      const over = new AbortController();
      const waiter: Waiter = { wake: rung.resolve };
      waiters.set(device, waiter);
      watch(signal).catch(rung.reject);
      const timer = io.clock.sleep(ms, AbortSignal.any([over.signal, signal])).then(() => "look" as const);
      try {
        return await Promise.race([rung.promise, timer]);
      } finally {
        over.abort();
        if (waiters.get(device) === waiter) waiters.delete(device);
      }
    },
    ring(device) {
      rings.set(device, (rings.get(device) ?? 0) + 1);
      waiters.get(device)?.wake("look");
    },
  };
}
