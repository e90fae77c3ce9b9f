import assert from "node:assert/strict";
import { toHex, utf8 } from "../../../crypto/bytes.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { bring } from "../../../ota/updater/install.ts";
import { isBegun, type Wanted } from "../../../ota/updater/part.ts";
import { FirmwareGateway, type Release, release } from "../../fakes/firmware.ts";
import { LOSSES, PowerCut, PowerFiles } from "../../fakes/power.ts";
import { installIo, saying } from "../machine.ts";

const never = new AbortController().signal;

function wantedOf({ manifest, signed }: Release): Wanted {
  return { manifest, image: toHex(sha256(signed.manifest)), slot: "b" };
}

/** Brings the image until the end or the cut; the chunks that were asked for. */
async function fetched(files: PowerFiles, of: Release): Promise<readonly number[]> {
  const gateway = new FirmwareGateway(of);
  try {
    const result = await bring(wantedOf(of), installIo(files, gateway, { run: saying(of.manifest.version) }), never);
    assert.ok(result.ok, JSON.stringify(result));
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
  }
  return gateway.chunks;
}

/** Images that end within a chunk, with one, and with a chunk of nothing but padding; and one of a single chunk. */
const IMAGES = await Promise.all(
  [300, 319, 320, 40].map((size) =>
    release(Uint8Array.from({ length: size }, (_, i) => i * 31 & 0xff), { chunk_size: 64 })
  ),
);

for (const image of IMAGES) {
  const { plain, manifest: { total_chunks } } = image;
  Deno.test(`${plain.length} bytes: the power goes at any moment, and one chunk at most is fetched again`, async () => {
    for (let cut = 1;; cut++) {
      const files = new PowerFiles();
      files.cutAfter = cut;
      const before = await fetched(files, image);
      if (files.operations < cut) break;
      for (const loss of LOSSES) {
        const disk = files.afterCut(loss);
        const after = await fetched(disk, image);
        const where = `cut after ${cut}, ${JSON.stringify(loss)}: ${before} and ${after}`;
        assert.deepEqual(await disk.read("b/ecowatt"), plain, where);
        assert.ok(before.length + after.length <= total_chunks + 1, where);
      }
    }
  });
}

Deno.test("a part of another image, or one in which a byte was changed, is begun anew", async () => {
  const [image, other] = [IMAGES[0], await release(utf8("x".repeat(300)), { chunk_size: 64, version: "2.0.1" })];
  assert.ok(image);
  const files = new PowerFiles();
  files.cutAfter = 10;
  assert.ok((await fetched(files, image)).length > 1);
  assert.ok(await isBegun(files));
  const resumed = files.afterCut({ names: "all", data: "kept" });
  assert.deepEqual(await fetched(resumed, other), Array.from({ length: other.manifest.total_chunks }, (_, i) => i));
  assert.deepEqual(await resumed.read("b/ecowatt"), other.plain);
});
