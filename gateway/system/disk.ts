import { statfsSync, statSync } from "node:fs";
import { databasePath } from "../store/database.ts";

/** Room on the disk of a data directory, bytes. */
export interface DiskRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** `undefined` when it cannot be told. */
export function diskRoom(dataDir: string): DiskRoom | undefined {
  try {
    const { bavail, blocks, bsize } = statfsSync(dataDir);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}

/** Bytes of the database with its write-ahead log. */
export function storeBytes(dataDir: string): number {
  const path = databasePath(dataDir);
  const sizes = [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}
