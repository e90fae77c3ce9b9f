import type { Clock } from "../../platform/clock.ts";
import type { StoreChanges } from "../store/changes.ts";

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

interface Waiter {
  wake(why: "look" | "superseded"): void;
}

interface NotifierIo {
  readonly changes: StoreChanges;
  readonly clock: Pick<Clock, "sleep">;
}

/** A notifier over a database that other processes write to as well. */
export function createCommandNotifier({ changes, clock }: NotifierIo): CommandNotifier {
  const waiters = new Map<number, Waiter>();
  const rings = new Map<number, number>();
  const heard = (device: number) => changes.noticed() + (rings.get(device) ?? 0);
  return {
    heard,
    async wait(device, ms, before, signal) {
      waiters.get(device)?.wake("superseded");
      if (heard(device) !== before) return "look";
      const rung = Promise.withResolvers<"look" | "superseded">();
      const over = new AbortController();
      const waiter: Waiter = { wake: rung.resolve };
      waiters.set(device, waiter);
      using _ = changes.listen({ changed: ({ byOthers }) => byOthers && waiter.wake("look"), failed: rung.reject });
      const timer = clock.sleep(ms, AbortSignal.any([over.signal, signal])).then(() => "look" as const);
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
