import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort } from "../fakes/free_port.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { countingInverter } from "./counting_inverter.ts";
import { run, start, until } from "./process.ts";

/** A box with both roles, which ran once and stands still. */
async function box(folder: string, inverter: number) {
  const config = join(folder, "ecowatt.yaml");
  const dataDir = join(folder, "data");
  const port = freePort();
  const made = await run(
    ["init", "--yes", "--config", config, "--data-dir", dataDir, "--port", String(port)].concat(
      ["--inverter", `tcp://127.0.0.1:${inverter}?unit=17&profile=ecowatt`],
    ),
  );
  assert.equal(made.code, 0, made.err);
  const startBox = () => start(["run", "--config", config]);
  {
    await using first = startBox();
    await first.says(/gateway listens/);
    await first.says(/node started/);
    assert.equal(await first.kill("SIGTERM"), 0);
  }
  const health = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200 ? true : undefined;
  };
  return { dataDir, port, startBox, health };
}

async function breakFile(path: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm"]) await Deno.remove(path + suffix).catch(() => {});
  await Deno.writeFile(path, crypto.getRandomValues(new Uint8Array(8192)));
}

Deno.test("a broken file or a busy port of one role does not end the other, and is named", async (t) => {
  await using folder = await temporaryDirectory();
  await using inverter = countingInverter();
  const { dataDir, port, startBox, health } = await box(folder.path, inverter.port);
  const polls = () => {
    const reached = inverter.answered() + 5;
    return until("polls", () => Promise.resolve(inverter.answered() > reached ? true : undefined));
  };
  await t.step("the gateway's port is taken, and free again later", async () => {
    const taken = Deno.listen({ hostname: "127.0.0.1", port });
    await using both = startBox();
    await both.says(/the gateway cannot start, and is tried again: .*another program uses that port/);
    await polls();
    taken.close();
    await both.says(/gateway listens/);
    await until("its health", health);
  });
  await t.step("the gateway's database is none", async () => {
    const path = join(dataDir, "gateway", "gateway.db");
    await breakFile(path);
    await using both = startBox();
    await both.says(
      new RegExp(`the gateway cannot start, and is tried again: Cannot open ${path}: file is not a database`),
    );
    await polls();
  });
  await t.step("neither is the node's, so nothing can start, which is one line", async () => {
    await breakFile(join(dataDir, "node", "node.sqlite"));
    await using both = startBox();
    await both.says(/ecowatt: Cannot open .*gateway\.db: file is not a database; restore a backup/);
  });
  await t.step("only the node's is none", async () => {
    await Deno.remove(join(dataDir, "gateway", "gateway.db"));
    await using both = startBox();
    await both.says(/the node cannot start, and is tried again: Cannot open .*node\.sqlite: file is not a database/);
    await until("the gateway's health", health);
  });
});
