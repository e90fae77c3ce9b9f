const WIDTH = 30;

/** A bar on a terminal's standard error, drawn over itself; nothing where nobody watches. */
export function progressBar(shown: boolean): { show(share: number): void } & Disposable {
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  let last = -1;
  return {
    show(share) {
      const percent = Math.floor(100 * share);
      if (!shown || percent === last) return;
      last = percent;
      const full = Math.floor(WIDTH * share);
      write(`\r[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${percent} %`);
    },
    [Symbol.dispose]() {
      if (shown && last >= 0) write(`\r${" ".repeat(WIDTH + 10)}\r`);
    },
  };
}
