/** The code of a one-time link, `#/login/<code>`. It is taken out of the address and of the history at once. */
export function takeLoginCode(): string | undefined {
  const code = location.hash.match(/^#\/login\/([A-Za-z0-9_-]{16,128})$/)?.[1];
  if (location.hash.startsWith("#/login")) history.replaceState(null, "", "#/");
  return code;
}
