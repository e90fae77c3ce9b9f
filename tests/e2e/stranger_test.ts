import assert from "node:assert/strict";
import { join } from "node:path";
import { run, start, until } from "./process.ts";
import { freePort } from "../fakes/free_port.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, gatewayUrl } from "./site.ts";

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly level: string; readonly message: string }[];
}

/** What is not well, but for the clock: it is the machine's, not ours. */
function trouble({ findings }: Report): readonly string[] {
  return findings.filter(({ check, level }) => level !== "pass" && check !== "clock")
    .map(({ check, level, message }) => `${level} ${check}: ${message}`);
}

async function doctor(config: string): Promise<Report & { readonly code: number }> {
  const { code, out, err } = await run(["doctor", "--config", config, "--json"]);
  assert.ok(out.startsWith("{"), err);
  return { ...JSON.parse(out), code };
}

async function simulator(port: number) {
  const running = start(["simulate", "--port", String(port), "--no-http", "--start", "2026-03-10T06:40:00Z"]);
  await running.says(/Inverter simulated/);
  return running;
}

Deno.test("a stranger's path: init with an inverter, run, and doctor finds all well", async () => {
  await using dir = await temporaryDirectory();
  const config = join(dir.path, "etc", "ecowatt.yaml");
  const dataDir = join(dir.path, "data");
  const [inverterPort, port] = [freePort(), freePort()];
  await using _inverter = await simulator(inverterPort);

  const inverter = `tcp://127.0.0.1:${inverterPort}`;
  const flags = ["--config", config, "--data-dir", dataDir, "--port", String(port), "--inverter", inverter];
  const init = await run(["init", "--yes", ...flags]);
  assert.equal(init.code, 0, init.err);
  assert.match(init.out, /inverter answers \(ecowatt, \d+ W now\)/);
  assert.match(init.out, /takes what roof signs/);
  assert.match(init.out, /ecowatt run --config/);
  assert.equal((await Deno.stat(config)).mode! & 0o777, 0o600);
  const key = (await Deno.readTextFile(join(dataDir, "node", "device.key"))).trim();
  assert.match(key, /^[0-9a-f]{64}$/);
  for (const text of [init.out, init.err, await Deno.readTextFile(config)]) assert.ok(!text.includes(key));

  const before = await doctor(config);
  assert.deepEqual(trouble(before).map((line) => line.split(":")[0]), ["warn own gateway", "fail gateway"]);
  assert.equal(before.code, 1);

  const running = start(["run", "--config", config]);
  await using _running = running;
  await gatewayUrl(running);
  const after = await until("a first sample", async () => {
    const report = await doctor(config);
    return report.findings.some(({ message }) => /inverter answers, [1-9]/.test(message)) ? report : undefined;
  });
  assert.deepEqual(trouble(after), []);
  assert.deepEqual([after.ok, after.code], [true, 0]);
  const checks = new Set(after.findings.map(({ check }) => check));
  for (
    const check of [
      "machine",
      "config",
      "device key",
      "master key",
      "disk",
      "inverter",
      "gateway",
      "signature",
      "devices",
    ]
  ) {
    assert.ok(checks.has(check), check);
  }
  const token = (await run(["token", "create", "viewer", "--data-dir", dataDir])).out.trim();
  const { security_stats: stats } = await ask<{ security_stats: Record<string, number> }>(
    `http://127.0.0.1:${port}`,
    token,
    "/security/stats",
  );
  assert.equal(stats["invalid_requests"], 0, "neither init nor doctor took a number from the node");
  const text = await run(["doctor", "--config", config]);
  assert.match(text.out, /^PASS {2}signature +http:\/\/127/m);

  const again = await run(["init", "--yes", ...flags]);
  assert.equal(again.code, 2);
  assert.match(again.err, /is there already.*--force/);
});

Deno.test("doctor names what is wrong on a box, each with what mends it", async () => {
  await using dir = await temporaryDirectory();
  const config = join(dir.path, "ecowatt.yaml");
  const dataDir = join(dir.path, "data");
  const [inverterPort, port] = [freePort(), freePort()];
  {
    await using _inverter = await simulator(inverterPort);
    const inverter = `tcp://127.0.0.1:${inverterPort}?unit=17&profile=ecowatt&timeout=200ms`;
    const flags = ["--config", config, "--data-dir", dataDir, "--port", String(port), "--inverter", inverter];
    assert.equal((await run(["init", "--yes", ...flags])).code, 0);
  }
  await Deno.chmod(join(dataDir, "node", "device.key"), 0o644);
  await Deno.chmod(join(dataDir, "gateway", "master.key"), 0o640);
  await using _other = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, () => new Response("hello"));
  const { out, code } = await run(["doctor", "--config", config]);
  assert.equal(code, 1);
  assert.match(out, /FAIL {2}device key .*\n +mend: chmod 600 /);
  assert.match(out, /FAIL {2}master key .*\n +mend: chmod 600 /);
  assert.match(out, /FAIL {2}inverter .*\n +mend: in this order: is the inverter on/);
  assert.match(out, /FAIL {2}own gateway +another program has port/);
  const none = await run(["doctor", "--config", join(dir.path, "none.yaml"), "--data-dir", dataDir]);
  assert.equal(none.code, 1);
  assert.match(none.out, /FAIL {2}config .*\n +mend: ecowatt init --config /);
});

Deno.test("a support bundle of a running box holds what helps, and none of its secrets", async () => {
  await using dir = await temporaryDirectory();
  const config = join(dir.path, "ecowatt.yaml");
  const dataDir = join(dir.path, "data");
  const [inverterPort, port] = [freePort(), freePort()];
  await using _inverter = await simulator(inverterPort);
  const inverter = `tcp://127.0.0.1:${inverterPort}`;
  const flags = ["--config", config, "--data-dir", dataDir, "--port", String(port), "--inverter", inverter];
  assert.equal((await run(["init", "--yes", ...flags])).code, 0);
  const key = (await Deno.readTextFile(join(dataDir, "node", "device.key"))).trim();
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(config, text.replace("  key_number: 1", `  key: "${key}"`));
  await using running = start(["run", "--config", config]);
  await gatewayUrl(running);
  const token = (await run(["token", "create", "secret", "--data-dir", dataDir])).out.trim();
  const file = join(dir.path, "bundle.tar.gz");
  const made = await run(["support-bundle", file, "--config", config, "--json"]);
  assert.equal(made.code, 0, made.err);
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  const archive = (await Deno.open(file)).readable.pipeThrough(new DecompressionStream("gzip"));
  const content = await new Response(archive).text();
  for (
    const part of [
      "about.json",
      "doctor.txt",
      "config.yaml",
      "node/status.json",
      "gateway/devices.json",
      "PASS  signature",
    ]
  ) {
    assert.ok(content.includes(part), part);
  }
  for (const secret of [key, token]) assert.ok(!content.includes(secret));
  assert.equal((await run(["support-bundle", file, "--config", config])).code, 1, "nothing is overwritten");
});
