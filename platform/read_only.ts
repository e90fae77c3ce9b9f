import { join } from "node:path";
import type { Clock } from "./clock.ts";

/** Made and removed at once: only a write tells whether a disk takes any. */
const PROBE = ".writable";

/** Between two looks at a disk that took no writes, milliseconds: one that is read-only is not worn by them. */
const LOOK_MS = 5_000;

/**
 * Whether the file system of a folder is read-only, as one is after an error of its medium. A folder that is missing, full
 * or not ours is not: whoever writes there is told what is wrong.
 */
export async function isReadOnly(folder: string): Promise<boolean> {
  const path = join(folder, PROBE);
  try {
    (await Deno.open(path, { write: true, create: true, mode: 0o600 })).close();
    await Deno.remove(path);
    return false;
  } catch (error) {
    return isReadOnlyError(error);
  }
}

/** Whether an error says that the file system is read-only. */
export function isReadOnlyError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EROFS";
}

/** Resolves when the folder takes writes again; never, once `signal` aborts. */
export async function untilWritable(
  folder: string,
  { clock, signal }: { readonly clock: Pick<Clock, "sleep">; readonly signal: AbortSignal },
): Promise<void> {
  do {
    await clock.sleep(LOOK_MS, signal);
    if (signal.aborted) return await new Promise(() => {});
  } while (await isReadOnly(folder));
}
