import { program } from "../needs.ts";

/** Prometheus' own parser and linter. */
export const PROMTOOL = program("promtool", "prometheus");

/** What `promtool` says to `input`; it is content when it says nothing and its code is 0. */
export async function promtool(args: readonly string[], input = ""): Promise<{ code: number; said: string }> {
  const child = new Deno.Command("promtool", { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
