import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../platform/clock.ts";

/** Who waits for commands, and how they are woken. */
export interface CommandBell {
  /**
   * Waits until the device's bell rings, another process changes the database, `ms` are over or `signal` aborts. It listens
   * from the call on: who has looked at the store in the same turn misses nothing. A new wait for the same device ends the
   * one before: a device has one request, the others are dead connections.
   */
  wait(device: number, ms: number, signal: AbortSignal): Promise<"look" | "superseded">;
  /** Something is queued for the device, and on disk. */
  ring(device: number): void;
}

/** How often other processes are looked after; a command from the command line waits no longer than this. */
const LOOK_MS = 500;

interface Waiter {
  wake(why: "look" | "superseded"): void;
}

/** A bell over a database that other processes write to as well. */
export function createCommandBell(io: { readonly db: DatabaseSync; readonly clock: Clock }): CommandBell {
  const waiters = new Map<number, Waiter>();
  const others = io.db.prepare("PRAGMA data_version");
  const version = () => Number(others.get()?.["data_version"]);
  let seen = version();
  let watching = false;
  const watch = async (signal: AbortSignal) => {
    if (watching) return;
    watching = true;
    while (waiters.size > 0 && !signal.aborted) {
      const now = version();
      if (now !== seen) { for (const waiter of [...waiters.values()]) waiter.wake("look"); }
      seen = now;
      await io.clock.sleep(LOOK_MS, signal);
    }
    watching = false;
  };
  return {
    async wait(device, ms, signal) {
      waiters.get(device)?.wake("superseded");
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
    ring: (device) => waiters.get(device)?.wake("look"),
  };
}
