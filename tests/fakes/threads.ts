/**
 * What Web Crypto does, it does on threads of its own, and how long that takes is the machine's affair. Whoever moves a
 * fake clock waits for it, so that it takes no fake time. Importing this keeps count.
 */
const WORK = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "generateKey",
  "importKey",
  "sign",
  "unwrapKey",
  "verify",
  "wrapKey",
] as const;

const working = new Set<Promise<unknown>>();

for (const name of WORK) {
  const real = SubtleCrypto.prototype[name];
  const counted = function (this: SubtleCrypto, ...given: readonly unknown[]): Promise<unknown> {
    const work: Promise<unknown> = Reflect.apply(real, this, given);
    const end = () => void working.delete(work);
    working.add(work);
    work.then(end, end);
    return work;
  };
  Object.defineProperty(SubtleCrypto.prototype, name, { value: counted, configurable: true, writable: true });
}

/** Whether a thread works for this program. */
export function isWorking(): boolean {
  return working.size > 0;
}

/** Waits until no thread does. */
export async function idle(): Promise<void> {
  while (isWorking()) await Promise.allSettled(working);
}
