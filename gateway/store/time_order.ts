/** Something that happened at a time, at an inverter. */
export interface Timed {
  /** Unix milliseconds. */
  readonly at: number;
  readonly inverter: string;
}

/** Merges sequences, each in order of time, into one in order of time, then inverter, then sequence. */
export function* mergeByTime<T extends Timed>(sequences: readonly Iterable<T>[]): Generator<T, void> {
  const heads: { item: T; readonly rest: Iterator<T> }[] = [];
  for (const sequence of sequences) {
    const rest = sequence[Symbol.iterator]();
    const first = rest.next();
    if (!first.done) heads.push({ item: first.value, rest });
  }
  while (heads.length > 0) {
    let first = heads[0];
    for (const head of heads) if (first === undefined || precedes(head.item, first.item)) first = head;
    if (first === undefined) return;
    yield first.item;
    const next = first.rest.next();
    if (next.done) heads.splice(heads.indexOf(first), 1);
    else first.item = next.value;
  }
}

function precedes(a: Timed, b: Timed): boolean {
  return a.at < b.at || (a.at === b.at && a.inverter < b.inverter);
}
