import assert from "node:assert/strict";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { main } from "../../cli/program.ts";
import { patientOf } from "../../cli/service/doctor/patient.ts";
import { uplink } from "../../cli/service/doctor/uplink.ts";
import { config as configCheck } from "../../cli/service/doctor/config.ts";
import type { Check } from "../../cli/service/doctor/finding.ts";
import { openGateway } from "../../cli/service/run/roles.ts";
import { toHex } from "../../crypto/bytes.ts";
import { GatewayConfig } from "../../gateway/config.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { start } from "../device/simulator/running.ts";
import { createTestAuthority } from "../fakes/certificates.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import "../fakes/loaded_libraries.ts";

/** A gateway behind a proxy whose certificate an authority of one's own signed, an inverter, and the key of `roof`. */
async function site(folder: string) {
  await using opening = new AsyncDisposableStack();
  const simulator = opening.use(await start({ port: 0 }));
  const gateway = opening.use(
    await openGateway(GatewayConfig.parse({ port: 0 }), join(folder, "there"), getLogger(["test"])),
  );
  const { key } = await gateway.management.addDevice({
    deviceId: DeviceId.parse("roof"),
    model: "ecowatt-node",
    auth: "signed",
  });
  const keyFile = join(folder, "roof.key");
  await Deno.writeTextFile(keyFile, toHex(key.raw), { mode: 0o600 });
  const authority = await createTestAuthority(folder);
  const proxyTo = async (host: string) => {
    const stop = new AbortController();
    const certificate = await authority.issue(host);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, ...certificate, signal: stop.signal, onListen: () => {} },
      (request) => {
        const { pathname, search } = new URL(request.url);
        return fetch(new Request(gateway.url + pathname + search, request));
      },
    );
    opening.defer(() => server.finished);
    opening.defer(() => stop.abort());
    return `https://127.0.0.1:${server.addr.port}`;
  };
  const url = await proxyTo("127.0.0.1"), elsewhere = await proxyTo("gateway.example");
  const opened = opening.move();
  const inverter = `tcp://127.0.0.1:${simulator.addresses.tcp?.port}?unit=17&profile=ecowatt`;
  const dispose = () => opened.disposeAsync();
  return { url, elsewhere, inverter, keyFile, caFile: authority.caFile, [Symbol.asyncDispose]: dispose };
}

async function ecowatt(...args: readonly string[]) {
  let said = "";
  const write = (text: string) => void (said += `${text}\n`);
  return { code: await main(args, { out: write, err: write }), said: () => said };
}

/** What a check of doctor says of a configuration, in words. */
async function diagnosed(check: Check, config: string, changed: (text: string) => string = (text) => text) {
  const file = `${config}.changed.yaml`;
  await Deno.writeTextFile(file, changed(await Deno.readTextFile(config)), { mode: 0o600 });
  const stop = new AbortController();
  try {
    const findings = await check(await patientOf({ config: file }, stop.signal));
    return findings.map((one) => `${one.level}: ${one.message}${one.level === "pass" ? "" : ` → ${one.mend}`}`);
  } finally {
    stop.abort();
  }
}

Deno.test("a node is set up at a gateway with an authority of its own, and doctor tells what it needs", async () => {
  await using dir = await temporaryDirectory();
  await using there = await site(dir.path);
  const config = join(dir.path, "ecowatt.yaml");
  const flags = ["--yes", "--role", "node", "--inverter", there.inverter, "--gateway", there.url, "--config", config];
  const place = ["--key-file", there.keyFile, "--data-dir", join(dir.path, "data"), "--device", "roof"];
  const refused = await ecowatt("init", ...flags, ...place);
  assert.notEqual(refused.code, 0);
  assert.match(refused.said(), /certificate.*\n.*name the authority that signed its certificate: --ca-file FILE/s);
  const { code, said } = await ecowatt("init", ...flags, ...place, "--ca-file", there.caFile);
  assert.equal(code, 0, said());
  assert.match(await Deno.readTextFile(config), new RegExp(`ca_file: "${there.caFile}"`));
  assert.equal((await ecowatt("check", "--config", config)).code, 0);

  const [reached, signed] = await diagnosed(uplink, config);
  assert.match(reached ?? "", /^pass: https:.* is reached/);
  assert.match(signed ?? "", /^pass: https:.* takes what roof signs, and proves itself/);
  const without = (text: string) => text.replace(/^ +ca_file.*\n/m, "");
  assert.match(
    (await diagnosed(uplink, config, without)).join(),
    /^fail: https:.* is not reached: .*certificate.* → name the authority .* `node\.ca_file:`$/,
  );
  const elsewhere = (text: string) => text.replace(there.url, there.elsewhere);
  assert.match(
    (await diagnosed(uplink, config, elsewhere)).join(),
    /^fail: https:.* is not reached: .*certificate.* → .*has to be for this address$/,
    "who signed it is not the matter",
  );
  const missing = (text: string) => text.replace(there.caFile, `${dir.path}/gone.pem`);
  assert.match(
    (await diagnosed(configCheck, config, missing)).join(),
    /fail: .*there is no such file → correct `node\.ca_file:`/,
  );
});
