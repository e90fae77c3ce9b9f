import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { slotFiles } from "../../../ota/slots/files.ts";
import { noteDiskCalls } from "../../fakes/disk_calls.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("slots, their folders and their programs are for their owner alone", async () => {
  await using folder = await temporaryDirectory();
  const root = `${folder.path}/slots`;
  const files = await slotFiles(root);
  await files.write("a/ecowatt", 0, utf8("program"));
  for (const path of [root, `${root}/a`, `${root}/a/ecowatt`]) assert.equal(modeOf(path), 0o700, path);
});

Deno.test("sync makes a file's content durable, syncFolder its name, and an open file syncs itself", async () => {
  await using folder = await temporaryDirectory();
  const files = await slotFiles(folder.path);
  using disk = noteDiskCalls();
  await files.write("state.new", 0, utf8("{}"));
  assert.deepEqual(disk.atRisk(), [`the content of ${folder.path}/state.new`]);
  await files.sync("state.new");
  await files.rename("state.new", "state");
  assert.deepEqual(disk.atRisk(), [`the name of ${folder.path}/state`]);
  await files.syncFolder("state");
  assert.deepEqual(disk.atRisk(), []);
  using part = await files.open("part");
  await part.write(0, utf8("chunk"));
  assert.deepEqual(disk.atRisk(), [`the content of ${folder.path}/part`]);
  await part.sync();
  assert.deepEqual(disk.atRisk(), []);
});

Deno.test("a system that writes a byte at a time leaves no hole", async () => {
  await using folder = await temporaryDirectory();
  const files = await slotFiles(folder.path);
  const { write, writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.write = function (bytes) {
    return write.call(this, bytes.subarray(0, 1));
  };
  Deno.FsFile.prototype.writeSync = function (bytes) {
    return writeSync.call(this, bytes.subarray(0, 1));
  };
  const large = utf8("much".repeat(1500));
  try {
    await files.write("a/ecowatt", 2, utf8("whole"));
    await files.write("b/ecowatt", 0, large);
  } finally {
    Object.assign(Deno.FsFile.prototype, { write, writeSync });
  }
  assert.deepEqual(await files.read("a/ecowatt"), utf8("\0\0whole"));
  assert.deepEqual(await files.read("b/ecowatt"), large);
});

Deno.test("what is not there is told as nothing, and unlinking it is no fault", async () => {
  await using folder = await temporaryDirectory();
  const files = await slotFiles(folder.path);
  assert.equal(await files.read("state"), undefined);
  assert.equal(await files.size("state"), undefined);
  assert.equal(await files.linkTarget("current"), undefined);
  assert.deepEqual(await Array.fromAsync(files.pieces("state")), []);
  await files.unlink("state");
});
