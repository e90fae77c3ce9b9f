import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { createRequestOrder } from "../../../gateway/auth/request_order.ts";
import { createAuthenticator } from "../../../gateway/auth/authenticator.ts";
import { createKeyRing } from "../../../gateway/auth/key_ring.ts";
import { createDeviceEdge } from "../../../gateway/http/device_edge.ts";
import { deviceRoute, jsonAnswer } from "../../../gateway/http/device_route.ts";
import { createRateLimitedWarnings } from "../../../platform/rate_limited_warnings.ts";
import { readBody } from "../../../gateway/http/request_body.ts";
import { createGroupCommit } from "../../../gateway/store/group_commit.ts";
import { createReplay } from "../../../gateway/store/replay.ts";
import { createSecurityLog } from "../../../gateway/store/security_log.ts";
import { systemClock } from "../../../platform/clock.ts";
import { addSigned, signedPost } from "../../fakes/device_gateway.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

const URL = "http://gateway.example";

Deno.test("a key that is revoked between the proof and the commit has no effect any more", async () => {
  using store = openGatewayStore();
  const { db, devices } = store;
  const key = await addSigned(store, "roof");
  const ring = createKeyRing(devices);
  const authenticate = createAuthenticator({ ring, devices });
  await using commits = createGroupCommit(db);
  const log = getLogger(["test"]);
  const securityLog = createSecurityLog(db);
  let effects = 0;
  let revokes = false;
  const edge = createDeviceEdge({
    async authenticate(request) {
      const identity = await authenticate(request);
      const device = devices.find("roof") ?? assert.fail();
      if (revokes) assert.ok(devices.keys.revoke(device, 1, 5));
      return identity;
    },
    order: createRequestOrder(),
    ring,
    devices,
    replay: createReplay(db),
    securityLog,
    commits,
    clock: systemClock,
    log,
    readBody: (request) => readBody(request, { maxBytes: 1000, timeoutMs: 1000 }, systemClock),
    warn: createRateLimitedWarnings(log, systemClock),
    signal: new AbortController().signal,
  }, deviceRoute("/changes", z.object({ device_id: z.string() }), () => jsonAnswer(200, { effects: ++effects })));
  const post = async (sequence: number) => {
    const { headers, body, path } = await signedPost({ url: URL }, key, sequence, { device_id: "roof" }, "/changes");
    return await edge(new Request(URL + path, { method: "POST", headers, body }), "127.0.0.1");
  };
  assert.equal((await post(1)).status, 200);
  revokes = true;
  const refused = await post(2);
  assert.deepEqual([refused.status, refused.headers.has("signature"), effects], [401, false, 1]);
  assert.deepEqual(securityLog.latest({ limit: 2 }).map(({ reason }) => reason), ["unknown_device", "ok"]);
});
