import assert from "node:assert/strict";
import { join } from "node:path";
import { forgetCopies } from "../../platform/migration_copy.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { add, filesIn, NEW, OLD, run, samplesOf } from "./migration_bench.ts";

Deno.test("killed at any moment of a copy, a migration or a way back, no sample is lost and none is there twice", async () => {
  const script = new URL("./migrating.ts", import.meta.url).pathname;
  for (let kill = 0; kill < 10; kill++) {
    await using folder = await temporaryDirectory();
    const path = join(folder.path, "db");
    await run(path, OLD, false, (db) => add(...Array.from({ length: 200 }, (_, i) => i % 250))(db));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script, path],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = child.stdout.getReader();
    await lines.read(); // it has begun
    await new Promise((resolve) => setTimeout(resolve, kill * 6)); // any moment
    child.kill("SIGKILL");
    await child.status;
    await lines.cancel();
    await run(path, kill % 2 ? NEW : OLD, true);
    await run(path, OLD, false);
    assert.equal(samplesOf(path).length, 200);
    await forgetCopies([path]);
    assert.deepEqual(await filesIn(folder.path), ["db"]);
  }
});
