/**
 * How long any test waits for a state, of a process, a browser or this program. Long, for machines that do much else: nothing
 * is asserted by it, and it is waited out only by what hangs.
 */
export const PATIENCE_MS = 300_000;

/** Waits for a state, however long it takes. What hangs fails with what was waited for. */
export async function until(state: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!await state()) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Waits for the end of what must end by itself, however long it takes. What hangs fails with what was waited for. */
export async function ended<T>(work: PromiseLike<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const never = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited in vain for ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, never]);
  } finally {
    clearTimeout(timer);
  }
}
