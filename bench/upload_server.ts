// One server under load, in a process of its own: deno run -A bench/upload_server.ts gateway|ceiling|hello
import { createHmac } from "node:crypto";
import { getLogger } from "@logtape/logtape";
import { utf8 } from "../crypto/bytes.ts";
import { createDeviceApi } from "../gateway/device_api.ts";
import { dispatch } from "../gateway/http/device_paths.ts";
import { Fault } from "../gateway/fault.ts";
import { createSampleFeed } from "../gateway/ingest/sample_feed.ts";
import { problemResponse } from "../gateway/http/problem.ts";
import { type Handler, startServer } from "../gateway/http/server.ts";
import { openGatewayDatabase } from "../gateway/store/database.ts";
import { createServices } from "../gateway/services.ts";
import { createStores } from "../gateway/store/stores.ts";
import { createKeyVault } from "../keys/key_vault.ts";
import { MAX_BODY_BYTES } from "../protocol/messages/sample_blocks.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import { benchDevices } from "./upload_load.ts";

/** The whole way of an upload: authentication, decoding, replay and dedup state, samples and rollups, one durable commit. */
async function gatewayHandler(directory: string): Promise<Handler> {
  const db = openGatewayDatabase(directory);
  const vault = await createKeyVault(systemRandom.bytes(32), systemRandom);
  const io = { dataDir: directory, clock: systemClock, random: systemRandom, log: getLogger(["bench"]) };
  const stores = createStores(db, vault, { ...io, securityLogRows: 100_000 });
  for (const { deviceId, raw } of benchDevices()) {
    (await stores.devices.add({ deviceId, model: "node", auth: "signed", key: raw }))(0);
  }
  const paths = createDeviceApi({
    stores,
    services: createServices(stores, { time_zone: "UTC", listeningSince: Date.now() }, io),
    feed: createSampleFeed(io.log),
    publishes: false,
    limits: { maxBytes: MAX_BODY_BYTES, timeoutMs: 30_000 },
    signal: new AbortController().signal,
    io,
  });
  return dispatch(paths, () => problemResponse(new Fault("not_found", "There is nothing here")));
}

/** The least that any gateway on this runtime does: read, HMAC, parse, answer. Nothing is stored. */
function ceilingHandler(): Handler {
  const key = new Uint8Array(32).fill(1);
  const decoder = new TextDecoder();
  const body = utf8(JSON.stringify({ status: "success" }));
  return async (request) => {
    const bytes = await request.bytes();
    createHmac("sha256", key).update(bytes).digest();
    JSON.parse(decoder.decode(bytes));
    return new Response(body, { headers: { "content-type": "application/json" } });
  };
}

function helloHandler(): Handler {
  return async (request) => {
    await request.bytes(); // left unread, it would cost the connection
    return new Response("hello");
  };
}

if (import.meta.main) {
  const [mode, directory = ""] = Deno.args;
  const handler = mode === "gateway"
    ? await gatewayHandler(directory)
    : mode === "ceiling"
    ? ceilingHandler()
    : helloHandler();
  const log = getLogger(["bench"]);
  const server = startServer({ hostname: "127.0.0.1", port: 0, handler, clock: systemClock, log });
  await Deno.stdout.write(utf8(`${server.port}\n`));
}
