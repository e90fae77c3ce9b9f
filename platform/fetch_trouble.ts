/** Why a `fetch` came to nothing, for people: without the address, which whoever asks knows, and the runtime's own words. */
export function fetchTrouble(error: unknown): string {
  if (error instanceof Error && error.message === "fetch failed" && error.cause !== undefined) {
    return fetchTrouble(error.cause);
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error sending request (?:for url \([^)]*\)|from \S+ for \S+ \([^)]*\)): /, "")
    .replace(/^client error \(\w+\): /, "").replace(/^tcp connect error: /, "").replace(/ \(os error \d+\)$/, "");
}
