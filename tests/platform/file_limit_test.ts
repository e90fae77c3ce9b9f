import assert from "node:assert/strict";
import { filesAllowed } from "../../platform/file_limit.ts";

Deno.test("the limit of files is the one that the system tells of this process", () => {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits")) ?? [];
  assert.equal(filesAllowed(), Number(soft));
});
