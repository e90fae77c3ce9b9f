import assert from "node:assert/strict";
import { utf8 } from "../../crypto/bytes.ts";
import { syncDirectory, writeFileAtomic } from "../../platform/files.ts";
import { noteDiskCalls } from "../fakes/disk_calls.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";

Deno.test("a replaced file has its content on the disk before its name, and its name before the caller goes on", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/state`;
  using disk = noteDiskCalls();
  await writeFileAtomic(path, utf8("first"));
  assert.deepEqual(disk.atRisk(), []);
  assert.deepEqual(disk.calls.map(({ kind }) => kind), ["write", "sync", "name", "sync"]);
});

Deno.test("a replaced file is for its owner alone, and what an interrupted replacement left is no part of it", async () => {
  await using folder = await temporaryDirectory();
  const path = `${folder.path}/state`;
  await Deno.writeTextFile(`${path}.new`, "longer, and never finished", { mode: 0o600 });
  await writeFileAtomic(path, utf8("short"));
  assert.equal(await Deno.readTextFile(path), "short");
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["state"]);
  const other = `${folder.path}/other`;
  await writeFileAtomic(other, utf8("new"));
  assert.equal((Deno.statSync(other).mode ?? 0) & 0o777, 0o600);
});

Deno.test("a folder's names are durable once it is synced", async () => {
  await using folder = await temporaryDirectory();
  using disk = noteDiskCalls();
  await syncDirectory(folder.path);
  assert.deepEqual(disk.calls, [{ kind: "sync", path: folder.path }]);
});

Deno.test("what a power cut could take is named: content that was not synced, names before their content, names", async () => {
  await using folder = await temporaryDirectory();
  using disk = noteDiskCalls();
  await Deno.writeTextFile(`${folder.path}/a`, "a");
  await Deno.rename(`${folder.path}/a`, `${folder.path}/b`);
  await Deno.writeTextFile(`${folder.path}/c`, "c");
  assert.deepEqual(disk.atRisk(), [
    `${folder.path}/b has its name before its content`,
    `the content of ${folder.path}/c`,
    `the name of ${folder.path}/b`,
  ]);
  await Deno.remove(`${folder.path}/c`);
  await syncDirectory(folder.path);
  assert.deepEqual(disk.atRisk(), [`${folder.path}/b has its name before its content`]);
});
