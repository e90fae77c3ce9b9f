import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openGatewayDatabase } from "../../../gateway/store/database.ts";
import { assertRollupsAddUp } from "./rollup_check.ts";

const WRITER = fileURLToPath(new URL("./samples_writer.ts", import.meta.url));
const ROUNDS = 6;

/** Lets a writer work until it has committed `blocks` blocks, kills it, and tells how many it had said were committed. */
async function killAfter(folder: string, blocks: number, first: number): Promise<number> {
  const args = ["run", "-A", WRITER, folder, String(first)];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  let said = 0, killed = false;
  for await (const chunk of child.stdout) {
    said += chunk.length;
    if (said < blocks || killed) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  assert.equal((await child.status).signal, "SIGKILL");
  return said;
}

Deno.test("after kill -9 at any moment no committed block is missing, and the rollups are those of the blocks", async () => {
  const folder = await Deno.makeTempDir();
  try {
    let said = 0;
    for (let round = 0; round < ROUNDS; round++) {
      said += await killAfter(folder, 20 + Math.floor(300 * Math.random()), 1_000 * round);
      using db = openGatewayDatabase(folder);
      const { n } = db.prepare("SELECT count(*) AS n FROM sample_block").get() ?? {};
      assert.ok(Number(n) >= said, `${n} blocks of ${said}`);
      assertRollupsAddUp(db, { device: "roof", from: 0, to: 2 ** 44 });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
