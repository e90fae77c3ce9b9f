import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { NodeConfig } from "../../device/config/node_config.ts";
import { startNode } from "../../device/node.ts";
import { trustingFetch } from "../../platform/certificates.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { createTestAuthority } from "../fakes/certificates.ts";
import { SigningGateway } from "../fakes/signing_gateway.ts";
import { until } from "../fakes/until.ts";
import { configOf } from "./running_node.ts";

/** A proxy with TLS before a gateway. */
function startProxy(target: string, { key, cert }: { readonly key: string; readonly cert: string }) {
  const stop = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, key, cert, signal: stop.signal, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    const { pathname } = new URL(request.url);
    const body = await request.arrayBuffer();
    return await fetch(target + pathname, { method: request.method, headers: request.headers, body });
  });
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
    await using gateway = new SigningGateway();
    await using proxy = startProxy(gateway.url, await authority.issue("127.0.0.1"));
    const plain = { ...configOf({ roof: 9 }, proxy.url), poll_interval: 100 };
    for (const trusts of [false, true]) {
      const config = trusts ? { ...plain, ca_file: authority.caFile } : plain;
      const io = { dataDir: `${folder}/${trusts}`, clock: systemClock, random: systemRandom, fetch };
      await using node = await startNode(config, { ...io, log: getLogger(["test"]) });
      const probe = await node.probe(new AbortController().signal);
      assert.equal(probe.kind, trusts ? "accepted" : "unreachable");
      assert.match("reason" in probe ? probe.reason : "", trusts ? /^$/ : /certificate/i);
    }
    await until(() => gateway.requests > 0, "a request");
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
