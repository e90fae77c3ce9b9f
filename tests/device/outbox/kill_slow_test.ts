import assert from "node:assert/strict";
import { SigningGateway } from "../../fakes/signing_gateway.ts";
import { until } from "../../fakes/until.ts";

const RUNS = 12;
const child = new URL("./killed_node.ts", import.meta.url).pathname;

/** Runs the node and kills it some time after its first sample, as `ripe` says; the numbers it reported. */
async function runAndKill(folder: string, url: string, first: number, ripe: () => Promise<void>): Promise<number[]> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", child, folder, url, String(first)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  let killed: Promise<void> | undefined;
  for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    killed ??= ripe().finally(() => process.kill("SIGKILL"));
  }
  await killed;
  await process.status;
  // The last line may be cut: then the number in it was not reported.
  return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter((line) => line !== "").map(Number);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** How often each number is at the gateway. */
function delivered(gateway: SigningGateway): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const { samples } of gateway.blocks.values()) {
    for (const { values: [number = -1] } of samples) times.set(number, (times.get(number) ?? 0) + 1);
  }
  return times;
}

Deno.test("a node killed at random moments delivers every sample it reported, each in exactly one block", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "ecowatt-kill-" });
  await using gateway = new SigningGateway();
  const reported: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    // Some answers are lost, so that blocks come twice.
    gateway.answer = (_, request) => request % 5 === 0 ? { status: 503 } : undefined;
    reported.push(...await runAndKill(folder, gateway.url, run * 1_000_000, () => pause(20 + Math.random() * 180)));
  }
  gateway.answer = () => undefined;
  await runAndKill(folder, gateway.url, RUNS * 1_000_000, async () => {
    await until(() => {
      const there = delivered(gateway);
      return reported.every((number) => there.has(number));
    }, "everything that was reported at the gateway");
  });
  const times = delivered(gateway);
  assert.ok(reported.length > RUNS * 5, `${reported.length} reported`);
  assert.deepEqual(reported.filter((number) => times.get(number) !== 1), []);
  assert.deepEqual([...times].filter(([, count]) => count > 1), []);
  assert.equal(new Set(gateway.sequences).size, gateway.sequences.length, "a sequence number was used twice");
  Deno.removeSync(folder, { recursive: true });
});
