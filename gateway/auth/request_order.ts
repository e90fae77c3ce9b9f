/**
 * Lets the requests of one sender go on in the order in which they came, however long it takes to find out whether each is
 * authentic: verifying runs beside the program, and a later signature may be verified first.
 */
export interface RequestOrder {
  /**
   * Calls `enter` as soon as `found` is known and every earlier request of the same sender has been entered or has failed; not
   * waiting for what they came to.
   */
  inTurn<T, R>(sender: string, found: Promise<T>, enter: (value: T) => R | Promise<R>): Promise<R>;
}

export function createRequestOrder(): RequestOrder {
  const last = new Map<string, Promise<unknown>>();
  return {
    inTurn<T, R>(sender: string, found: Promise<T>, enter: (value: T) => R | Promise<R>): Promise<R> {
      const turn = found.then((value) => () => enter(value), (error) => () => {
        throw error;
      });
      const before = last.get(sender);
      const mine = before === undefined ? turn : before.then(() => turn);
      last.set(sender, mine);
      const entered = mine.then((take) => take()); // before the next one's callback, which is registered behind this
      void mine.then(() => {
        if (last.get(sender) === mine) last.delete(sender);
      });
      return entered;
    },
  };
}
