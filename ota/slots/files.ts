import { SerialQueue } from "../../platform/serial_queue.ts";
import { syncDirectory } from "../../platform/files.ts";
import { dirname, join } from "node:path";
import type { Bytes } from "../../crypto/bytes.ts";

/** What the updater needs of a filesystem, step by step, so that a test can cut the power after each. Paths are within one folder. */
export interface SlotFiles {
  /** The whole of a small file; `undefined` when there is none. */
  read(path: string): Promise<Bytes | undefined>;
  /** A file from `offset` on, in pieces; nothing when there is none. */
  pieces(path: string): AsyncIterable<Uint8Array>;
  /** Bytes of a file; `undefined` when there is none. */
  size(path: string): Promise<number | undefined>;
  /** Writes at `offset`, making the file (for its owner alone) and its folder if need be. Not durable before `sync`. */
  write(path: string, offset: number, bytes: Uint8Array): Promise<void>;
  sync(path: string): Promise<void>;
  /** As `write`, for a file that is written to many times. It cannot be executed before it is disposed of. */
  open(path: string): Promise<SlotFile>;
  /** What a symbolic link says; `undefined` when there is none. */
  linkTarget(path: string): Promise<string | undefined>;
  link(target: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Does nothing when there is none. */
  unlink(path: string): Promise<void>;
  /** Makes the names in the folder of `path` durable. */
  syncFolder(path: string): Promise<void>;
}

/** A file that stays open. */
export interface SlotFile extends Disposable {
  /** Up to `length` bytes from `offset` on: fewer at the end of the file. */
  read(offset: number, length: number): Promise<Bytes>;
  /** Writes at `offset`; what lies between it and the end of the file reads as zeros. Not durable before `sync`. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Makes its content durable, not its name. */
  sync(): Promise<void>;
}

/**
 * The files under `root`, which is made if missing. What is written can be executed by its owner: it is slots mostly.
 *
 * @example
 * ```ts
 * const files = await slotFiles(await Deno.makeTempDir());
 * await files.write("a/ecowatt", 0, new Uint8Array([1, 2, 3]));
 * await files.size("a/ecowatt"); // => 3
 * ```
 */
export async function slotFiles(root: string): Promise<SlotFiles> {
  await Deno.mkdir(root, { recursive: true, mode: 0o700 });
  const at = (path: string) => join(root, path);
  return {
    read: (path) => unlessMissing(async () => new Uint8Array(await Deno.readFile(at(path)))),
    pieces: (path) => pieces(at(path)),
    size: (path) => unlessMissing(async () => (await Deno.stat(at(path))).size),
    async write(path, offset, bytes) {
      using file = await open(at(path));
      await file.write(offset, bytes);
    },
    open: (path) => open(at(path)),
    async sync(path) {
      using file = await Deno.open(at(path), { read: true });
      await file.sync();
    },
    linkTarget: (path) => unlessMissing(() => Deno.readLink(at(path))),
    link: (target, path) => Deno.symlink(target, at(path)),
    rename: (from, to) => Deno.rename(at(from), at(to)),
    unlink: async (path) => void await unlessMissing(() => Deno.remove(at(path))),
    syncFolder: (path) => syncDirectory(dirname(at(path))),
  };
}

const PIECE_BYTES = 256 * 1024;

/** Up to so many bytes a write into the memory of the kernel takes less time than to ask another thread for it. */
const FEW_BYTES = 4096;

async function* pieces(path: string): AsyncIterable<Uint8Array> {
  const file = await unlessMissing(() => Deno.open(path, { read: true }));
  if (file === undefined) return;
  using _open = file;
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    yield buffer.subarray(0, count);
  }
}

async function open(path: string): Promise<SlotFile> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o700 });
  // A file has one position, so that one reads or writes at a time. To seek is to set a number: not worth another thread.
  const turn = new SerialQueue();
  return {
    read: (offset, length) =>
      turn.run(async () => {
        file.seekSync(offset, Deno.SeekMode.Start);
        const bytes = new Uint8Array(length);
        let done = 0;
        for (let count; done < length && (count = await file.read(bytes.subarray(done))) !== null;) done += count;
        return bytes.subarray(0, done);
      }),
    write: (offset, bytes) =>
      turn.run(async () => {
        file.seekSync(offset, Deno.SeekMode.Start);
        for (let done = 0; done < bytes.length;) done += await writeSome(file, bytes.subarray(done));
      }),
    truncate: (size) => file.truncate(size),
    sync: () => file.syncData(),
    [Symbol.dispose]: () => file.close(),
  };
}

/** How many were written. */
function writeSome(file: Deno.FsFile, bytes: Uint8Array): number | Promise<number> {
  return bytes.length > FEW_BYTES ? file.write(bytes) : file.writeSync(bytes);
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
