const SYMBOLS = {
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
} as const;

const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/**
 * Swaps two files or folders of one file system in one step: whoever looks, at any moment, finds both (renameat2(2)). False
 * where the C library or the file system cannot; then nothing was done.
 */
export function exchange(one: string, other: string): boolean {
  try {
    const library = Deno.dlopen("libc.so.6", SYMBOLS);
    const failed = library.symbols.renameat2(AT_FDCWD, cString(one), AT_FDCWD, cString(other), RENAME_EXCHANGE);
    library.close();
    return failed === 0;
  } catch {
    return false; // an older C library, or another one
  }
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
