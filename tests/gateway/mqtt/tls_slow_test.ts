import assert from "node:assert/strict";
import { createServer, type TLSSocket } from "node:tls";
import { Aedes } from "aedes";
import { createTestAuthority } from "../../fakes/certificates.ts";
import { program, testWith } from "../../needs.ts";
import { until } from "../../fakes/until.ts";
import { startMqttGateway } from "./mqtt_gateway.ts";

const PASSWORD = "test-tls-password";

/** A broker of another maker behind TLS, that takes one user. */
async function startTlsBroker({ key, cert }: { readonly key: string; readonly cert: string }) {
  const aedes = await Aedes.createBroker();
  const heard: { readonly topic: string; readonly payload: string }[] = [];
  const connects: string[] = [];
  aedes.preConnect = (_client, { clientId }, done) => {
    connects.push(clientId);
    done(null, true);
  };
  aedes.authenticate = (_client, username, password, done) => {
    done(null, username === "ecowatt" && new TextDecoder().decode(password) === PASSWORD);
  };
  aedes.on("publish", ({ topic, payload }, client) => {
    if (client) heard.push({ topic, payload: payload.toString() });
  });
  const sockets = new Set<TLSSocket>();
  const server = createServer({ key, cert }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    aedes.handle(socket);
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    heard,
    connects,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(resolve));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

testWith(
  [program("openssl")],
  "mqtts: a real handshake with the authority of the configuration, and credentials in it",
  async () => {
    const folder = await Deno.makeTempDir();
    const authority = await createTestAuthority(folder);
    await using broker = await startTlsBroker(await authority.issue("127.0.0.1"));
    await Deno.writeTextFile(`${folder}/password`, `${PASSWORD}\n`, { mode: 0o600 });
    const url = `mqtts://127.0.0.1:${broker.port}`;
    const credentials = { username: "ecowatt", password_file: `${folder}/password` };
    {
      await using gateway = await startMqttGateway({ broker: { url, ca_file: authority.caFile, ...credentials } });
      await gateway.roof.samplePower(Date.now(), 1500);
      await until(() => broker.heard.some(({ topic }) => topic === "esp32/ecowatt_data"), "the data");
      assert.equal((await gateway.mqtt()).tls, true);
      await gateway.stop();
    }
    assert.equal(broker.heard.findLast(({ topic }) => topic === "ecowatt/gateway/status")?.payload, "offline");
    await Deno.remove(folder, { recursive: true });
  },
);

testWith(
  [program("openssl")],
  "mqtts: a broker that cannot prove who it is gets nothing, not even a name",
  async (t) => {
    const folder = await Deno.makeTempDir();
    const authority = await createTestAuthority(folder);
    const strangers = `${folder}/strangers`;
    await Deno.mkdir(strangers);
    const stranger = await createTestAuthority(strangers);
    const cases = [
      ["an authority nobody named", await authority.issue("127.0.0.1"), undefined],
      ["another authority", await authority.issue("127.0.0.1"), stranger.caFile],
      ["another host's certificate", await authority.issue("broker.example"), authority.caFile],
    ] as const;
    for (const [name, certificate, ca_file] of cases) {
      await t.step(name, async () => {
        await using broker = await startTlsBroker(certificate);
        const url = `mqtts://127.0.0.1:${broker.port}`;
        const config = { url, username: "ecowatt", password: PASSWORD, ...(ca_file ? { ca_file } : {}) };
        await using gateway = await startMqttGateway({ broker: config });
        const trouble = async () => (await gateway.mqtt()).trouble;
        await until(async () => await trouble() !== null, "the refusal");
        assert.match(await trouble() ?? "", /certificate|issuer|NotValidForName|altnames/i);
        assert.deepEqual([broker.connects, (await gateway.mqtt()).connected], [[], false]);
      });
    }
    await Deno.remove(folder, { recursive: true });
  },
);
