import assert from "node:assert/strict";
import { slotFiles } from "../../../ota/slots/files.ts";
import { Part } from "../../../ota/updater/part.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";
import { newRelease } from "../machine.ts";

Deno.test("what is read and written at once in an open file lands where it should", async () => {
  await using folder = await temporaryDirectory();
  using file = await (await slotFiles(folder.path)).open("image");
  const pieces = Array.from({ length: 16 }, (_, i) => new Uint8Array(4_096).fill(i + 1));
  await Promise.all(pieces.map((piece, i) => file.write(4_096 * i, piece)));
  const read = await Promise.all(pieces.map((_, i) => file.read(4_096 * i, 4_096)));
  assert.deepEqual(read.map((bytes) => [bytes.length, ...new Set(bytes)]), pieces.map((_, i) => [4_096, i + 1]));
});

Deno.test("a download goes on from the very chunk after the last one on disk, each time", async () => {
  await using folder = await temporaryDirectory();
  const files = await slotFiles(folder.path);
  const manifest = { ...newRelease.manifest, original_size: 20 * 1024, chunk_size: 1024 };
  const wanted = { manifest, image: "00".repeat(32), slot: "b" } as const;
  for (let chunk = 0; chunk < 20; chunk++) {
    using part = await Part.open(wanted, files);
    assert.equal(part.place.next, chunk);
    await part.add(new Uint8Array(1024).fill(chunk), new Uint8Array(16));
  }
});
