/** Does what comes in one after the other, in its order; `false`: too much waits, and it is left undone. */
export type OneByOne = (work: () => Promise<void>) => boolean;

/** `limit`: how much may wait; a broker can bring messages faster than a disk takes them. Work never rejects. */
export function createOneByOne(limit: number): OneByOne {
  let waiting = 0;
  let turn = Promise.resolve();
  return (work) => {
    if (waiting >= limit) return false;
    waiting++;
    turn = turn.then(work).finally(() => waiting--);
    return true;
  };
}
