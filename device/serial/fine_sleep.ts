import { libc } from "./libc.ts";

/** Sleeps for `ms` milliseconds, up to a second, to the microsecond: what the pace of a wire needs. It may wake early. */
export async function fineSleep(ms: number): Promise<void> {
  await libc().usleep(Math.ceil(1000 * ms));
}
