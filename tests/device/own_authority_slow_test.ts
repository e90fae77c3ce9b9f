import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { NodeConfig } from "../../device/config/node_config.ts";
import { startNode } from "../../device/node.ts";
import { trustingFetch } from "../../platform/certificates.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { createTestAuthority } from "../fakes/certificates.ts";
import { configOf } from "./running_node.ts";

/** A server with TLS that is no gateway: whoever reaches it gets an answer. */
function startServer({ key, cert }: { readonly key: string; readonly cert: string }) {
  const stop = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, key, cert, signal: stop.signal, onListen: () => {} };
  const server = Deno.serve(options, () => new Response("no gateway", { status: 404 }));
  return {
    url: `https://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

Deno.test("a node trusts the authority of its gateway, and nobody else whom it does not know", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const authority = await createTestAuthority(folder);
    await using server = startServer(await authority.issue("127.0.0.1"));
    const plain = configOf({ roof: 9 }, server.url);
    for (const trusts of [false, true]) {
      const config = trusts ? { ...plain, ca_file: authority.caFile } : plain;
      const io = { dataDir: `${folder}/${trusts}`, clock: systemClock, random: systemRandom, fetch };
      await using node = await startNode(config, { ...io, log: getLogger(["test"]) });
      const probe = await node.probe(new AbortController().signal);
      assert.equal(probe.kind, trusts ? "unproven" : "unreachable", "it is answered, or not even asked");
      assert.match("reason" in probe ? probe.reason : "", trusts ? /404/ : /certificate/i);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a file with no authority in it is named, and so is one beside an address without TLS", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(trustingFetch(file, fetch), /it holds no PEM certificate/);
  await Deno.remove(file);
  await assert.rejects(trustingFetch(file, fetch), /there is no such file/);
  const config = {
    device_id: "roof",
    gateway: "http://gateway",
    ca_file: file,
    buses: [{ tcp: { host: "a" }, inverters: [{}] }],
  };
  const { error } = NodeConfig.safeParse(config);
  assert.deepEqual(error?.issues.map(({ path, message }) => [path.join(), message]), [[
    "ca_file",
    "is of use with https:// only",
  ]]);
});
