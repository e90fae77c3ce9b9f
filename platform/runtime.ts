/** What the program and its packages use of the runtime and an older one may lack, as paths from the global object. */
const NAMES = [
  "AbortSignal.any",
  "Array.fromAsync",
  "AsyncDisposableStack",
  "CompressionStream",
  "Map.groupBy",
  "Promise.try",
  "Promise.withResolvers",
  "Response.prototype.bytes",
  "Uint8Array.fromBase64",
  "Uint8Array.prototype.toBase64",
  "URL.parse",
  "crypto.subtle",
];
/** What packages call on a timer. */
const TIMER_METHODS = ["refresh", "ref", "unref"];

/** Whose timers are looked at. */
interface Runtime {
  setTimeout(done: () => void, ms: number): unknown;
}

/** What a runtime lacks of what is used, each by its name; empty for one that is good enough. */
export function lackingOf(runtime: Runtime = globalThis): readonly string[] {
  const timer = runtime.setTimeout(() => {}, 0);
  return [
    ...NAMES.filter((path) => at(runtime, path.split(".")) === undefined),
    ...TIMER_METHODS.filter((name) => typeof at(timer, [name]) !== "function").map((name) => `setTimeout().${name}`),
  ];
}

function at(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => Object(value)[name], root);
}
