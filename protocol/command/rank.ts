/** One step of priority is worth this much waiting: whoever waits gains on those who come later, so nobody starves. */
export const AGEING_MS = 60_000;

/** What decides whose turn it is. */
interface Turn {
  /** 0 to 9, 9 goes first. */
  readonly priority: number;
  /** When it was queued, unix milliseconds; must not go back from one command of a device to the next. */
  readonly queuedAt: number;
  readonly notBefore?: number;
}

/**
 * The smallest rank goes first, and the order of queueing decides between equals. Since every command ages at the same pace,
 * the order never changes and one number holds it: a command of priority 0 is overtaken only by what comes within nine
 * minutes after it.
 *
 * @example
 * ```ts
 * const [ordinary, urgent] = [rankOf({ priority: 5, queuedAt: 0 }), rankOf({ priority: 9, queuedAt: 30_000 })];
 * urgent < ordinary; // => true
 * ```
 */
export function rankOf({ priority, queuedAt, notBefore = 0 }: Turn): number {
  return Math.max(queuedAt, notBefore) - priority * AGEING_MS;
}
