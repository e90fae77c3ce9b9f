import type { Socket } from "node:net";
import type { Clock } from "../../platform/clock.ts";

/** Bytes that wait for a client, beyond what the system holds for it, before the broker waits for it and so do all others. */
const MOST_WAITING = 131_072;
/** Who has more waiting for him has to have taken all of it within this time. */
const PATIENCE_MS = 2_000;

/**
 * Lets the broker go on while a client does not read: it is told that there is room as long as little waits here. A client that
 * took not all of it for longer than patience lasts is cut as soon as there is too much, and nobody waits for it; one to which
 * much is sent at once gets its time.
 */
export function holdBacklog(socket: Socket, clock: Pick<Clock, "monotonic">): void {
  const { write } = socket;
  let behindSince: number | undefined;
  socket.write = (...args: unknown[]): boolean => {
    const now = clock.monotonic();
    if (socket.writableLength === 0) behindSince = now;
    const isRoom = Reflect.apply(write, socket, args) === true;
    if (isRoom || socket.writableLength < MOST_WAITING) return true;
    if (now - (behindSince ??= now) < PATIENCE_MS) return false;
    socket.destroy(new Error("drain timeout: the client does not read"));
    return true; // or the broker would wait for it
  };
}
