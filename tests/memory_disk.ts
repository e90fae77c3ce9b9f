/**
 * Loaded before the fast tests: what they write goes to memory, where the system has files in memory. They commit thousands of
 * times, each time to the disk, and nobody cuts the power of the machine under them.
 */
const MEMORY = "/dev/shm";

if (!Deno.env.has("TMPDIR") && await isDirectory(MEMORY)) Deno.env.set("TMPDIR", MEMORY);

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((found) => found.isDirectory, () => false);
}
