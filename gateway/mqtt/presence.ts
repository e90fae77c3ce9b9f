/** Which devices are heard of. */
export interface Presence {
  /** A device was heard of at this time, unix milliseconds. */
  heard(device: string, at: number): void;
  /** Looks who has been silent for too long, and who is no longer registered. */
  review(registered: readonly string[], now: number): void;
}

/** What changed of a device; `undefined`: it is no longer registered. */
type Announce = (device: string, status: "online" | "offline" | undefined) => void;

interface Known {
  at: number;
  online: boolean;
}

/** Tells every change once. A device that was never heard of is offline. */
export function createPresence(offlineAfterMs: number, announce: Announce): Presence {
  const known = new Map<string, Known>();

  const show = (device: string, at: number, online: boolean) => {
    const before = known.get(device);
    known.set(device, { at, online });
    if (before?.online !== online) announce(device, online ? "online" : "offline");
  };
  return {
    heard: (device, at) => show(device, Math.max(at, known.get(device)?.at ?? at), true),
    review(registered, now) {
      for (const device of registered) {
        const at = known.get(device)?.at ?? -Infinity;
        show(device, at, at > now - offlineAfterMs);
      }
      const still = new Set(registered);
      for (const device of known.keys()) {
        if (still.has(device)) continue;
        known.delete(device);
        announce(device, undefined);
      }
    },
  };
}
