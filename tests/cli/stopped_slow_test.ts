import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** Runs a command against a port that says nothing, and stops it (Ctrl-C) once it has connected `after` times. */
async function stopped(
  after: number,
  args: (port: number) => readonly string[],
): Promise<{ code: number; err: string }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", main, ...args(listener.addr.port)],
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const held: Deno.Conn[] = [];
  while (held.length < after) held.push(await listener.accept());
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  for (const connection of held) connection.close();
  listener.close();
  return { code, err: new TextDecoder().decode(stderr) };
}

Deno.test("a read that is stopped says that nothing was read", async () => {
  const { code, err } = await stopped(1, (port) => ["read", `tcp://127.0.0.1:${port}?timeout=30s`]);
  assert.deepEqual([code, err], [1, "ecowatt: Stopped: inverter was not read\n"]);
});

Deno.test("a scan that is stopped says that not everything was looked at", async () => {
  const { code, err } = await stopped(2, (port) => ["scan", "tcp", "127.0.0.1", "--port", String(port)]);
  assert.equal(code, 1);
  assert.match(err, /Stopped: not everything was looked at\necowatt: Nothing was found so far\n$/);
});
