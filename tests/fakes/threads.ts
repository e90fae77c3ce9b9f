/**
 * What Web Crypto and the disk do, they do on threads of their own, and how long that takes is the machine's affair. Whoever
 * moves a fake clock waits for it, so that it takes no fake time. Importing this keeps count.
 */
const CRYPTO = [
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
];
const FILES = [
  "chmod",
  "copyFile",
  "link",
  "lstat",
  "makeTempDir",
  "makeTempFile",
  "mkdir",
  "open",
  "readFile",
  "readLink",
  "readTextFile",
  "realPath",
  "remove",
  "rename",
  "stat",
  "symlink",
  "truncate",
  "writeFile",
  "writeTextFile",
];
const FILE = ["lock", "read", "seek", "stat", "sync", "syncData", "truncate", "unlock", "write"];

const working = new Set<Promise<unknown>>();
let change = Promise.withResolvers<void>();
const others: (() => boolean)[] = [];

count(SubtleCrypto.prototype, CRYPTO);
count(Deno, FILES);
count(Deno.FsFile.prototype, FILE);

/** Counts the promises that the methods of an object give. */
function count(target: object, names: readonly string[]): void {
  for (const name of names) {
    const real = Reflect.get(target, name);
    const counted = function (this: unknown, ...given: readonly unknown[]): Promise<unknown> {
      return whileWorking(Reflect.apply(real, this, given));
    };
    Object.defineProperty(target, name, { value: counted, configurable: true, writable: true });
  }
}

/** Counts one more piece of work until it is done. */
function whileWorking<T>(work: Promise<T>): Promise<T> {
  const end = () => {
    working.delete(work);
    changed();
  };
  working.add(work);
  work.then(end, end);
  return work;
}

/** Lets somebody else say as well whether the machine works for this program. */
export function alsoWorking(isWorking: () => boolean): void {
  others.push(isWorking);
}

/** Whether the machine works for this program. */
export function isWorking(): boolean {
  return working.size > 0 || others.some((one) => one());
}

/** Says that a part of the work is done, or another one begun. */
export function changed(): void {
  change.resolve();
  change = Promise.withResolvers();
}

/** Resolves when that is next said: who waits for it does not turn the event loop meanwhile. */
export function nextChange(): Promise<void> {
  return change.promise;
}
