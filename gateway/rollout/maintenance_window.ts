import { z } from "zod";

const DAY_MINUTES = 1_440;

/** A time of each day, in minutes after midnight UTC; it may go over midnight. */
export const MaintenanceWindow = z.object({
  start: z.int().min(0).max(DAY_MINUTES - 1),
  end: z.int().min(0).max(DAY_MINUTES - 1),
});
export type MaintenanceWindow = Readonly<z.infer<typeof MaintenanceWindow>>;

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
