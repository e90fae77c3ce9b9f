import { fileURLToPath } from "node:url";
import { run } from "../e2e/process.ts";

/** The memory of this process that is in use: garbage is collected first, so that it can be compared. */
export class LiveMemory {
  #most = 0;

  /** Takes note of what is in use now. Needs `--v8-flags=--expose-gc`. */
  look(): void {
    const collect: unknown = Reflect.get(globalThis, "gc");
    if (typeof collect !== "function") throw new Error("this process was started without --v8-flags=--expose-gc");
    collect();
    collect(); // buffers are let go of by another thread: the second one waits for that
    const { heapUsed, external } = Deno.memoryUsage();
    this.#most = Math.max(this.#most, heapUsed + external);
  }

  /** Bytes that were in use at the worst moment. */
  get most(): number {
    return this.#most;
  }
}

/** Bytes that this process had in memory at its worst moment, whoever asked for them and however shortly (proc(5)). */
export function mostResident(): number {
  const [, kilobytes] = Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\s+(\d+) kB/) ?? [];
  return 1024 * Number(kilobytes);
}

/** Runs a script that prints the most memory it had in use, in bytes, with an argument. */
export async function mostMemory(script: URL, argument: number): Promise<number> {
  const program = [Deno.execPath(), "run", "-A", "--v8-flags=--expose-gc", fileURLToPath(script)] as const;
  const { code, out, err } = await run([String(argument)], { program });
  const bytes = Number(out.trim().split("\n").at(-1));
  if (code !== 0 || !(bytes > 0)) throw new Error(`${script} failed: ${out}${err}`);
  return bytes;
}
