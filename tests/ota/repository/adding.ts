import { openRepository } from "../../../ota/repository/repository.ts";
import { systemRandom } from "../../../platform/random.ts";
import { NewFirmware } from "../../../ota/manifest/firmware.ts";
import { image } from "../fixture.ts";

/** A process that adds an image and is killed meanwhile. */
if (import.meta.main) {
  const dataDir = Deno.args[0] ?? "";
  const repository = openRepository({ dataDir, random: systemRandom, clock: { now: () => 1 } });
  await Deno.stdout.write(new TextEncoder().encode("begun\n"));
  const details = NewFirmware.parse({ model: "ecowatt-node", version: "1.0.0" });
  await repository.add(image(3_000_000, 65_536), details);
  await Deno.stdout.write(new TextEncoder().encode("done\n"));
}
