import { join } from "node:path";
import { type Mutant, mutated } from "./mutant.ts";

/** What the tests said of the tree. */
interface Run {
  readonly passed: boolean;
  /** The first test that failed, or why there is none. */
  readonly noticedBy: string;
  readonly ms: number;
}

/** What became of a mutant. */
export interface Result {
  readonly mutant: Mutant;
  readonly killed: boolean;
  /** The test that noticed; for a survivor, why none did. */
  readonly reason: string;
}

/** Milliseconds that tests are given in any case, and times what they take without an edit: a mutant may run for ever. */
const LEAST_MS = 60_000;
const TIMES = 10;

/** KiB that the tests may take: a failed comparison of large values can take all that there is. */
const WITHIN_BOUNDS = 'ulimit -d 3000000; exec "$0" "$@"';
const TEST = ["test", "-A", "--no-check", "--fail-fast", "--quiet", "--preload=tests/mutants/preload.ts"];

/** Runs mutants in a copy of the checkout, one after the other. */
export class Runner {
  readonly #tree: string;
  /** How long the tests take on the tree without an edit, by their names. */
  readonly #unchanged = new Map<string, number>();

  constructor(tree: string) {
    this.#tree = tree;
  }

  /** Throws when the edit does not apply, or the tests fail without it: then they say nothing. */
  async try(mutant: Mutant): Promise<Result> {
    const boundMs = Math.max(LEAST_MS, TIMES * await this.#withoutEdit(mutant.tests));
    const path = join(this.#tree, mutant.file);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, mutated(text, mutant));
    try {
      const { passed, noticedBy } = await this.#test(mutant.tests, boundMs);
      if (passed) return { mutant, killed: false, reason: mutant.unnoticed ?? "an assertion is missing" };
      return { mutant, killed: true, reason: noticedBy };
    } finally {
      await Deno.writeTextFile(path, text);
    }
  }

  async #withoutEdit(tests: readonly string[]): Promise<number> {
    const known = this.#unchanged.get(tests.join());
    if (known !== undefined) return known;
    const { passed, noticedBy, ms } = await this.#test(tests, TIMES * LEAST_MS);
    if (!passed) throw new Error(`${tests.join(" ")} fail without any edit: ${noticedBy}`);
    this.#unchanged.set(tests.join(), ms);
    return ms;
  }

  async #test(tests: readonly string[], boundMs: number): Promise<Run> {
    const began = performance.now();
    const child = new Deno.Command("sh", {
      args: ["-c", WITHIN_BOUNDS, Deno.execPath(), ...TEST, ...tests],
      cwd: this.#tree,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
      detached: true, // a group of its own: what the tests started ends with them
    }).spawn();
    let late = false;
    const bound = setTimeout(() => {
      late = true;
      endGroup(child.pid);
    }, boundMs);
    const { success, stdout, stderr } = await child.output();
    clearTimeout(bound);
    endGroup(child.pid);
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return {
      passed: success,
      noticedBy: late ? `no end in ${boundMs / 1000} s` : noticed(said),
      ms: performance.now() - began,
    };
  }
}

function endGroup(pid: number): void {
  try {
    Deno.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // all of it has ended
  }
}

/** An edit that is no program any more would be noticed by anything. */
function noticed(said: string): string {
  if (/could not be parsed|\(uncaught error\)\nerror: SyntaxError/.test(said)) {
    throw new Error(`An edit is no program:\n${said}`);
  }
  const [, test] = /^(.+?) \.\.\. FAILED/m.exec(said) ?? /^(.+?) => /m.exec(said) ?? [];
  return test ?? said.trim().split("\n").at(0) ?? "";
}
