import { syncDirectory } from "../../platform/files.ts";

/** What a imageStore changes on the disk, step by step, so that a test can cut the power after each. */
export interface ImageStoreFiles {
  /** For its owner alone. */
  makeFolder(path: string): Promise<void>;
  /** Adds to the end of a file, which is made if missing, for its owner alone. Not durable before `sync`. */
  append(path: string, piece: Uint8Array): Promise<void>;
  /** Makes a file's content, or the names in a folder, durable. */
  sync(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  removeTree(path: string): Promise<void>;
}

/** The disk itself. */
export const diskFiles: ImageStoreFiles = {
  makeFolder: (path) => Deno.mkdir(path, { mode: 0o700 }),
  append: (path, piece) => Deno.writeFile(path, piece, { append: true, mode: 0o600 }),
  sync: syncDirectory,
  rename: (from, to) => Deno.rename(from, to),
  removeTree: (path) => Deno.remove(path, { recursive: true }),
};
