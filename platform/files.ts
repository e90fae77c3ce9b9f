import { dirname } from "node:path";

/** Replaces a file so that a power cut leaves the old or the new content, never a mixture (temp, fsync, rename, fsync). */
export async function writeFileAtomic(path: string, content: Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`;
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true, mode });
    for (let offset = 0; offset < content.length;) offset += await file.write(content.subarray(offset));
    await file.sync();
  }
  await Deno.rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/** Whether there is something at a path, be it a link to nowhere. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
