import { z } from "zod";
import type { Clock } from "../../platform/clock.ts";
import { TimeLimit } from "../../platform/deadline.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Outcome, refusal, success } from "../../protocol/outcome.ts";

/** Milliseconds in which a program has to say what it is. */
const PATIENCE_MS = 30_000;
/** Bytes of its answer that are looked at. */
const MAX_BYTES = 4096;

/** What `ecowatt version --json` prints. */
const About = z.object({ model: z.string(), version: z.string(), os: z.string(), arch: z.string() });

/** Runs an executable as `version --json`, and gives what it printed, or why not. */
export type RunVersion = (path: string) => Promise<Outcome<string, "program">>;

/**
 * Whether the program says that it is what the manifest promised, for this machine.
 *
 * @example
 * ```ts
 * const { os, arch } = Deno.build;
 * const said = JSON.stringify({ model: "ecowatt", version: "1.2.0", os, arch });
 * const run = () => Promise.resolve({ ok: true, value: said } as const);
 * (await probe("b/ecowatt", { model: "ecowatt", version: "1.2.0" }, run)).ok; // => true
 * (await probe("b/ecowatt", { model: "ecowatt", version: "1.3.0" }, run)).ok; // => false
 * ```
 */
export async function probe(
  path: string,
  { model, version }: Pick<Manifest, "model" | "version">,
  run: RunVersion,
): Promise<Outcome<undefined, "program">> {
  const printed = await run(path);
  if (!printed.ok) return printed;
  const about = About.safeParse(json(printed.value));
  if (!about.success) return refusal("program", "it does not say what it is");
  const { data } = about;
  const said = `${data.model} ${data.version} for ${data.os} ${data.arch}`;
  const expected = `${model} ${version} for ${Deno.build.os} ${Deno.build.arch}`;
  return said === expected
    ? success(undefined)
    : refusal("program", `it says it is ${said.slice(0, 200)}, not ${expected}`);
}

/**
 * Starts the program, with an empty environment, and kills it when it takes too long.
 *
 * @example
 * ```ts
 * import { systemClock } from "../../platform/clock.ts";
 * const program = await Deno.makeTempFile();
 * await Deno.writeTextFile(program, "#!/bin/sh\necho '{}'\n", { mode: 0o700 });
 * await runVersion(systemClock)(program); // => { ok: true, value: "{}\n" }
 * ```
 */
export function runVersion(clock: Pick<Clock, "monotonic" | "sleep">): RunVersion {
  return async (path) => {
    if (!await isProgram(path)) return refusal("program", "it is not a program");
    using over = new TimeLimit(clock, clock.monotonic() + PATIENCE_MS);
    try {
      const { success: ended, code, stdout } = await new Deno.Command(path, {
        args: ["version", "--json"],
        clearEnv: true,
        env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent", NO_COLOR: "1" },
        stdin: "null",
        stderr: "null",
        signal: over.signal,
      }).output();
      if (over.signal.aborted) return refusal("program", "it does not say in time what it is");
      if (!ended) return refusal("program", `it ends with exit code ${code} when asked what it is`);
      return success(new TextDecoder().decode(stdout.subarray(0, MAX_BYTES)));
    } catch (error) {
      return refusal("program", `it cannot be started: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

/** The C library has a shell run what the system takes for no program: a text would be a script of commands. */
async function isProgram(path: string): Promise<boolean> {
  const start = new Uint8Array(4);
  using file = await Deno.open(path, { read: true });
  const count = await file.read(start) ?? 0;
  const text = String.fromCharCode(...start.subarray(0, count));
  return text === "\x7fELF" || text.startsWith("#!");
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says so
  }
}
