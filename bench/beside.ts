import { fileURLToPath } from "node:url";
import type { Row } from "./row.ts";

const ROUNDS = 3;
const LINE = /^ {2}(.+?) {2,}([\d,.e+-]+) (\S+)/;

/**
 * A bench of this checkout beside that of another one (the release before, mostly), three times in turn on the same machine: the
 * medians, and what the load of the machine does to one is done to the other.
 */
export async function benchBeside(bench: string, checkout: string): Promise<Row[]> {
  const [ours, theirs] = [new Map<string, number[]>(), new Map<string, number[]>()];
  const units = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [figures, main] of [[theirs, `${checkout}/bench/main.ts`], [ours, own()]] as const) {
      for (const { name, value, unit } of await figuresOf(main, bench)) {
        figures.set(name, [...figures.get(name) ?? [], value]);
        units.set(name, unit);
      }
    }
  }
  return [...ours].flatMap(([name, values]) => {
    const before = theirs.get(name);
    if (before === undefined) return [];
    const [value, yardstick] = [median(values), median(before)];
    return [{ name: `${name}; before`, value, unit: units.get(name) ?? "", yardstick, ratio: value / yardstick }];
  });
}

function own(): string {
  return fileURLToPath(new URL("main.ts", import.meta.url));
}

/** What a bench prints, a figure once: a row for each yardstick repeats it. */
async function figuresOf(main: string, bench: string): Promise<Row[]> {
  const cwd = fileURLToPath(new URL("..", `file://${main}`));
  const args = ["run", "-A", main, bench];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args, cwd, stderr: "inherit" }).output();
  if (code !== 0) throw new Error(`Cannot measure: the bench of ${cwd} ended with ${code}`);
  const rows = new Map<string, Row>();
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const [, title = "", figure = "", unit = ""] = LINE.exec(line) ?? [];
    const name = title.split("; ")[0] ?? "";
    const quantity = title.includes("memory") ? title.split("; beside")[0] ?? "" : name;
    if (figure !== "") rows.set(quantity, { name: quantity, value: Number(figure.replaceAll(",", "")), unit });
  }
  return [...rows.values()];
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
}
