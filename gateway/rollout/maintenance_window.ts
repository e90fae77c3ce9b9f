import { z } from "zod";
import type { MaintenanceWindow } from "../store/port/rollout.ts";

const DAY_MINUTES = 1_440;

/** `22:00-04:30`, in UTC. */
export const WindowText = z.string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 22:00-04:30 (UTC)")
  .transform((text): MaintenanceWindow => {
    const [start = 0, end = 0] = text.split("-").map((time) => 60 * Number(time.slice(0, 2)) + Number(time.slice(3)));
    return { start, end };
  });

/** Whether a moment (unix milliseconds) lies in the window; always without one. The end is not part of it. */
export function isOpen(window: MaintenanceWindow | undefined, now: number): boolean {
  if (!window || window.start === window.end) return true;
  const minute = Math.floor(now / 60_000) % DAY_MINUTES;
  return window.start < window.end
    ? minute >= window.start && minute < window.end
    : minute >= window.start || minute < window.end;
}
