import assert from "node:assert/strict";
import { imagePieces } from "../../../gateway/api/firmware_upload.ts";
import { startFirmware } from "./fixture.ts";

Deno.test("uploads that cannot be taken are refused by what is wrong, and leave nothing to offer", async () => {
  await using fixture = await startFirmware();
  const { gateway } = fixture;
  const path = "/api/v1/firmware?model=test&version=1.0.0";
  const json = (path: string, role: "admin" | "operator" = "admin") => gateway.ask("POST", path, {}, role);
  assert.equal((await json(path)).status, 415, "JSON is no image");
  assert.equal((await json(path, "operator")).status, 403);
  assert.equal((await json("/api/v1/firmware?model=..%2Fx&version=1.0.0")).status, 400);
  assert.equal((await json("/api/v1/firmware?model=test&version=..%2F1.0.0")).status, 400);
  assert.equal((await json("/api/v1/firmware?model=test&version=1.0.0&keys=..%2Fdefault")).status, 400);
  assert.equal((await json("/api/v1/firmware/signed")).status, 400, "no manifest");
  assert.equal((await json("/api/v1/firmware/import?model=test")).status, 400, "no manifest");
  assert.equal((await gateway.ask("GET", "/api/v1/firmware/test/1.0.0")).status, 404);
  assert.deepEqual((await gateway.ask("GET", "/api/v1/firmware")).body, { firmware: [] });
});

Deno.test("an image that is announced as larger than 512 MiB is not read at all", async () => {
  const headers = { "content-type": "application/octet-stream", "content-length": String(2 ** 30) };
  const request = new Request("http://gateway/", { method: "POST", headers, body: new Uint8Array(1) });
  await assert.rejects(imagePieces(request).next(), /larger than 512 MiB/);
});
