/** How many HMACs are verified while `work` runs: what verifying costs, without a clock. */
export async function countHmacs(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const { verify } = crypto.subtle;
  crypto.subtle.verify = (...args: Parameters<typeof verify>) => {
    count++;
    return Reflect.apply(verify, crypto.subtle, args);
  };
  try {
    await work();
  } finally {
    crypto.subtle.verify = verify;
  }
  return count;
}
