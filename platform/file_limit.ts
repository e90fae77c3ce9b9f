const SYMBOLS = { getrlimit: { parameters: ["i32", "buffer"], result: "i32" } } as const;

/** RLIMIT_NOFILE (getrlimit(2)). */
const FILES = 7;
/** Where the system does not say: what most have. */
const USUAL = 1_024;

/**
 * Files that this process may have open, connections among them. By libc: an executable without every permission may not read
 * /proc/self/limits.
 */
export function filesAllowed(): number {
  try {
    const library = Deno.dlopen("libc.so.6", SYMBOLS);
    const limits = new BigUint64Array(2);
    const failed = library.symbols.getrlimit(FILES, new Uint8Array(limits.buffer)) !== 0;
    library.close();
    return failed ? USUAL : Number(limits[0]);
  } catch {
    return USUAL; // Alpine, macOS, Windows
  }
}
