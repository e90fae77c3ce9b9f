import assert from "node:assert/strict";
import { z } from "zod";
import { deviceRoute, jsonAnswer } from "../../../gateway/http/device_route.ts";
import { Fault } from "../../../gateway/fault.ts";
import { createSecurityLog } from "../../../gateway/store/security_log.ts";
import { addSigned, send, signedPost, startDeviceGateway } from "../../fakes/device_gateway.ts";

const Body = z.object({ device_id: z.string() });
const failing = deviceRoute("/failing", Body, () => {
  throw new Fault("refused", "test");
});
const other = deviceRoute("/other", Body, () => jsonAnswer(200, {}));

Deno.test("what is accepted is in the log once, whatever became of its effect, and on disk when there is much of it", async () => {
  await using gateway = startDeviceGateway({ routes: [failing, other] });
  const { store } = gateway;
  const key = await addSigned(store, "roof");
  const post = async (sequence: number, path: string) =>
    (await send(gateway, await signedPost(gateway, key, sequence, { device_id: "roof" }, path))).status;
  const onDisk = () => createSecurityLog(store.db).latest({ limit: 300 }).length;
  assert.equal(await post(1, "/failing"), 422);
  const noted = () => store.stores.securityLog.latest({ limit: 300 }).map(({ reason, sequence }) => [reason, sequence]);
  assert.deepEqual([noted(), onDisk()], [[["ok", 1]], 0]);
  for (let sequence = 2; sequence <= 256; sequence++) await post(sequence, "/other");
  await store.stores.commit.run(() => {}); // behind the one that writes
  assert.deepEqual([noted().length, onDisk()], [256, 256]);
});

Deno.test("what is accepted and not written yet is lost with the process, and nothing else: its number stays used", async () => {
  const gateway = startDeviceGateway({ routes: [other] });
  const key = await addSigned(gateway.store, "roof");
  const post = await signedPost(gateway, key, 1, { device_id: "roof" }, "/other");
  assert.equal((await send(gateway, post)).status, 200);
  await using again = await gateway.restart("kill");
  const { securityLog } = again.store.stores;
  assert.deepEqual(securityLog.latest({ limit: 10 }), []);
  assert.equal((await send(again, post)).status, 401);
  assert.deepEqual(securityLog.latest({ limit: 10 }).map(({ reason }) => reason), ["replay"]);
});
