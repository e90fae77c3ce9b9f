import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { importHmacKey } from "../../crypto/hmac.ts";
import { createKeyVault } from "../../keys/key_vault.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import type { DeviceKey } from "../../protocol/device_signature.ts";
import { blockOf, type Post, send, signedPost, someSamples, upload } from "../fakes/device_gateway.ts";
import { processKey } from "../fakes/gateway_process.ts";
import { openGatewayStore } from "../fakes/gateway_store.ts";

const NODES = 4;
const KILLS = 8;
const SAMPLES = 5;
const script = fileURLToPath(new URL("../fakes/gateway_process.ts", import.meta.url));

interface Running {
  readonly url: string;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

async function startProcess(directory: string): Promise<Running> {
  const args = ["run", "-A", "--no-check", script, directory, String(NODES)];
  const process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.includes("\n")) line += (await reader.read()).value ?? assert.fail("the gateway did not start");
  return {
    url: `http://127.0.0.1:${line.trim()}`,
    async kill() {
      process.kill("SIGKILL");
      await process.status;
      await reader.cancel();
    },
  };
}

/**
 * One node: sends its blocks in order, a block again until it is acknowledged, each attempt with a new number. After a kill it is
 * told once from which one to go on.
 */
class Node {
  readonly acknowledged: Post[] = [];
  block = 1;
  #sequence = 1;

  private constructor(readonly key: DeviceKey) {}

  static async create(n: number): Promise<Node> {
    const hmac = await importHmacKey(processKey(n));
    return new Node({ deviceId: DeviceId.parse(`node-${n}`), number: 1, hmac });
  }

  /** Sends until the gateway dies. */
  async run(gateway: { readonly url: string }): Promise<void> {
    for (let request = 0;; request++) {
      const samples = someSamples(SAMPLES, 1_780_000_000_000 + this.block * 10_000);
      const post = await signedPost(
        gateway,
        this.key,
        this.#sequence++,
        upload(this.key.deviceId, blockOf(this.block, samples)),
      );
      const answer = await send(gateway, post).catch(() => undefined);
      if (answer === undefined) return;
      if (request === 0 && answer.json.reason === "replay" && answer.signed) {
        this.#sequence = answer.json.next_sequence;
        continue;
      }
      assert.deepEqual([answer.status, answer.signed], [200, true], JSON.stringify(answer.json));
      this.acknowledged.push(post);
      this.block++;
    }
  }
}

Deno.test("a gateway killed at random moments has stored every acknowledged block once, and accepts no replay", async () => {
  const directory = await Deno.makeTempDir();
  const nodes = await Promise.all(Array.from({ length: NODES }, (_, n) => Node.create(n)));
  for (let kill = 0; kill < KILLS; kill++) {
    const gateway = await startProcess(directory);
    const before = nodes.map((node) => node.acknowledged.length);
    const running = Promise.all(nodes.map((node) => node.run(gateway)));
    while (nodes.every((node, n) => node.acknowledged.length === before[n])) {
      await new Promise((go) => setTimeout(go, 1));
    }
    await new Promise((go) => setTimeout(go, 40 * Math.random())); // any moment will do
    await gateway.kill();
    await running;
  }
  const gateway = await startProcess(directory);
  for (const { acknowledged } of nodes) {
    for (const post of acknowledged.slice(-20)) assert.equal((await send(gateway, post)).json.reason, "replay");
  }
  await gateway.kill();

  using store = openGatewayStore(directory, await createKeyVault(new Uint8Array(32).fill(1), systemRandom));
  for (const { key, block } of nodes) {
    const rows = store.db.prepare(
      `SELECT start_ms FROM sample_block JOIN sample_series s ON s.id = series WHERE device = ? ORDER BY start_ms`,
    ).all(key.deviceId).map((row) => Number(row["start_ms"]));
    const stored = rows.map((start) => (start - 1_780_000_000_000) / 10_000);
    const whole = Array.from({ length: stored.length }, (_, i) => i + 1);
    assert.deepEqual(stored, whole, "no block is missing and none is there twice");
    assert.ok(
      stored.length === block - 1 || stored.length === block,
      "only the one under way may be there unacknowledged",
    );
  }
  assert.ok(nodes.every((node) => node.acknowledged.length >= KILLS / 2));
});
