import assert from "node:assert/strict";
import { osTrouble } from "../../../cli/terminal/os_trouble.ts";

Deno.test("a file that belongs to others is named, with the way out", () => {
  const refused = new Deno.errors.PermissionDenied("Permission denied (os error 13): mkdir '/srv/x/gateway'");
  assert.equal(osTrouble(refused), "this user may not use /srv/x/gateway; sudo may");
  assert.equal(osTrouble(new Deno.errors.PermissionDenied("no")), "no");
  assert.equal(osTrouble(new Error("Cannot open '/x'")), "Cannot open '/x'");
});
