/** A text as `deno fmt` leaves it, for a file of this name. */
export async function formatted(path: string, text: string): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", path.split(".").at(-1) ?? "", "-"],
    cwd: new URL("../../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { stdout, success } = await process.output();
  if (!success) throw new Error(`Cannot format ${path}`);
  return new TextDecoder().decode(stdout);
}
