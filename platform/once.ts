/**
 * What `make` gives, made when it is first asked for: what is dear to make and seldom needed costs a start nothing.
 */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
