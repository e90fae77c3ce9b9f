const STEPS = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]] as const;

/** How long ago a moment was, in its largest whole unit; `never` for none. Unix milliseconds. */
export function ago(at: number | null, now = Date.now()): string {
  if (at === null) return "never";
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  const step = STEPS.find(([size]) => seconds >= size);
  return step === undefined ? "now" : `${Math.floor(seconds / step[0])} ${step[1]} ago`;
}
