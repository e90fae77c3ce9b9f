/** A page of a longer list, and where the next one begins: `before` or `after` of the next request; `null` at the end. */
interface ListPage<T, C> {
  readonly items: readonly T[];
  readonly next: C | null;
}

/** The first `limit` of `found`, of which one more was asked for than is shown. */
export function pageOf<T, C>(found: readonly T[], limit: number, cursorOf: (last: T) => C): ListPage<T, C> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? cursorOf(last) : null };
}
