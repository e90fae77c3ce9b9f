/** How a program of the system ended. */
interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs programs of the system. Rejects for one that is not there. */
export type RunProgram = (name: string, args: readonly string[], options?: RunAs) => Promise<Ended>;

/** Who a program runs as, and what it reads. */
interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
  readonly stdin?: string;
}

/** Runs them for real. */
export const runProgram: RunProgram = async (name, args, { stdin, ...as } = {}) => {
  const child = new Deno.Command(name, {
    args: [...args],
    ...as,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: text(stdout), err: text(stderr) };
};

/** Runs one that has to succeed; throws an `Error` for people. */
export async function must(run: RunProgram, name: string, args: readonly string[], options?: RunAs): Promise<string> {
  const { code, out, err } = await run(name, args, options).catch((error) => {
    throw new Error(`Cannot run ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
  if (code !== 0) throw new Error(`${name} ${args.join(" ")} failed: ${err || out || `exit code ${code}`}`);
  return out;
}
