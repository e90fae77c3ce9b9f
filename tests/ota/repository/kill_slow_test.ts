import assert from "node:assert/strict";
import { openRepository } from "../../../ota/repository/repository.ts";
import { NewFirmware } from "../../../ota/manifest/firmware.ts";
import { systemRandom } from "../../../platform/random.ts";
import { image, openFixture } from "../fixture.ts";

const NODE = NewFirmware.parse({ model: "ecowatt-node", version: "1.2.0" });

Deno.test("killed at any moment while adding, a repository has the whole image or none", async () => {
  const script = new URL("./adding.ts", import.meta.url).pathname;
  for (let run = 0; run < 12; run++) {
    await using fixture = await openFixture();
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script, fixture.dataDir],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = child.stdout.getReader();
    await lines.read(); // it has begun
    await new Promise((resolve) => setTimeout(resolve, run * 12));
    child.kill("SIGKILL");
    await child.status;
    await lines.cancel();
    const repository = openRepository({ dataDir: fixture.dataDir, random: systemRandom, clock: { now: () => 1 } });
    for (const firmware of repository.list()) {
      assert.equal((await repository.verify(firmware)).ok, true);
    }
    const again = await repository.add(image(10), { ...NODE, version: "9.9.9" });
    assert.equal(again.ok, true, "it goes on");
  }
});
