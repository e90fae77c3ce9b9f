import { toHex } from "../../../crypto/bytes.ts";
import { createSha256 } from "../../../crypto/sha256.ts";

const PIECE_BYTES = 256 * 1024;

/** SHA-256 of a file, lower-case hex, in constant memory. Rejects when it cannot be read. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createSha256();
  using file = await Deno.open(path, { read: true });
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return toHex(hash.digest());
}

/** Whether two files are there and hold the same. */
export async function sameContent(one: string, other: string): Promise<boolean> {
  const sizes = await Promise.all([one, other].map((path) => Deno.stat(path).then(({ size }) => size, () => -1)));
  if (sizes[0] !== sizes[1] || sizes[0] === -1) return false;
  const [a, b] = await Promise.all([fileSha256(one), fileSha256(other)]);
  return a === b;
}

/** What tells programs for different machines apart: class and byte order of an ELF file, and its machine (elf(5)). */
export async function machineOf(path: string): Promise<string> {
  const header = new Uint8Array(20);
  using file = await Deno.open(path, { read: true });
  const count = await file.read(header) ?? 0;
  if (String.fromCharCode(...header.subarray(0, 2)) === "#!") return "script";
  if (count < 20 || String.fromCharCode(...header.subarray(0, 4)) !== "\x7fELF") return "no program";
  return toHex(header.subarray(4, 6)) + toHex(header.subarray(18, 20));
}
