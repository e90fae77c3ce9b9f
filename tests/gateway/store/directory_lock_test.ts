import assert from "node:assert/strict";
import { lockDirectory } from "../../../gateway/store/directory_lock.ts";
import { temporaryDirectory } from "../../fakes/temporary_directory.ts";

Deno.test("a data directory belongs to one gateway at a time", async () => {
  await using folder = await temporaryDirectory();
  const dataDir = `${folder.path}/data`;
  {
    using _lock = lockDirectory(dataDir);
    assert.throws(() => lockDirectory(dataDir), /another one uses .*data/);
    assert.equal((Deno.statSync(dataDir).mode ?? 0) & 0o777, 0o700);
  }
  using _again = lockDirectory(dataDir);
});
