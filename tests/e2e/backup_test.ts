import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { run, type Running, start, until } from "./process.ts";
import { freePort } from "../fakes/free_port.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, gatewayUrl, output, samples } from "./site.ts";

/** A box with both roles and an inverter that is simulated. */
async function box(folder: string) {
  const stack = new AsyncDisposableStack();
  const [inverterPort, port] = [freePort(), freePort()];
  const config = join(folder, "ecowatt.yaml");
  const dataDir = join(folder, "data");
  const inverter = stack.use(
    start(["simulate", "--port", String(inverterPort), "--no-http", "--start", "2026-03-10T06:40:00Z"]),
  );
  await inverter.says(/Inverter simulated/);
  const address = `tcp://127.0.0.1:${inverterPort}?unit=17&profile=ecowatt`;
  const flags = ["--config", config, "--data-dir", dataDir, "--port", String(port), "--inverter", address];
  await output(["init", "--yes", ...flags]);
  const text = await Deno.readTextFile(config);
  await Deno.writeTextFile(
    config,
    text.replace("poll_interval: 2s", "poll_interval: 200ms").replace("upload_interval: 30s", "upload_interval: 1s"),
  );
  const serve = async (): Promise<Running> => {
    const running = stack.use(start(["run", "--config", config]));
    await gatewayUrl(running);
    return running;
  };
  return {
    config,
    dataDir,
    port,
    url: `http://127.0.0.1:${port}`,
    serve,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Every row of the tables that a backup must not lose. */
function content(dataDir: string): Record<string, unknown> {
  const db = new DatabaseSync(join(dataDir, "gateway", "gateway.db"), { readOnly: true });
  try {
    const tables = db.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    ).all();
    return Object.fromEntries(tables.map(({ name }) => {
      const rows = db.prepare(`SELECT * FROM "${name}"`).all();
      const plain = rows.map((row) =>
        Object.values(row).map((value) => value instanceof Uint8Array ? [...value].join() : value).join("|")
      );
      return [String(name), plain.sort()];
    }));
  } finally {
    db.close();
  }
}

Deno.test("a box that is lost comes back from the backup made while it ran, and goes on as if nothing had been", async () => {
  await using dir = await temporaryDirectory();
  await using site = await box(dir.path);
  const first = await site.serve();
  const data = ["--data-dir", site.dataDir];
  const token = await output(["token", "create", "viewer", "--role", "viewer", ...data]);
  await until("samples", async () => (await samples(site.url, token, "roof")).length > 5 || undefined);

  const before = await samples(site.url, token, "roof");
  const plain = join(dir.path, "plain.tar.gz");
  assert.match(await output(["backup", plain, ...data]), /holds no keys/);
  const file = join(dir.path, "whole.tar.gz");
  assert.match(await output(["backup", "--with-keys", file, ...data]), /gateway\/master\.key.*node\/device\.key/s);
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  assert.equal((await run(["backup", file, ...data])).code, 2, "nothing is overwritten");
  assert.equal((await run(["restore", file, "--force", ...data])).code, 1, "not while it runs");
  await until(
    "more samples",
    async () => (await samples(site.url, token, "roof")).length > before.length + 5 || undefined,
  );
  await first.kill("SIGKILL");
  assert.equal((await run(["restore", file, ...data])).code, 2, "not over what is there");
  const key = await Deno.readTextFile(join(site.dataDir, "node", "device.key"));

  // The disk is lost: all that is left is the file.
  await Deno.remove(site.dataDir, { recursive: true });
  assert.match(await output(["restore", file, ...data]), /is as it was at/);
  assert.equal(await Deno.readTextFile(join(site.dataDir, "node", "device.key")), key);
  await using _second = await site.serve();
  const kept = await samples(site.url, token, "roof");
  assert.deepEqual(kept.slice(0, before.length), before);
  // Uploads are taken again: the node was told where to go on.
  await until(
    "new samples",
    async () => (await samples(site.url, token, "roof")).length > kept.length + 5 || undefined,
  );
  const report = await run(["doctor", "--config", site.config, "--json"]);
  assert.match(report.out, /takes what roof signs/);
  const { devices_tracked } =
    (await ask<{ security_stats: { devices_tracked: number } }>(site.url, token, "/security/stats")).security_stats;
  assert.equal(devices_tracked, 1);
});

Deno.test("a restored gateway has every row, and only sequence numbers leap; what was there is kept", async () => {
  await using dir = await temporaryDirectory();
  await using site = await box(dir.path);
  const running = await site.serve();
  const data = ["--data-dir", site.dataDir];
  const token = await output(["token", "create", "viewer", "--role", "viewer", ...data]);
  await until("samples", async () => (await samples(site.url, token, "roof")).length > 5 || undefined);
  await running.kill("SIGKILL"); // what is not sealed yet is in the node's tail file
  await output(["command", "set-power", "roof", "50", ...data]);
  const file = join(dir.path, "stopped.tar.gz");
  const forgotten = join(site.dataDir, ".backup-killed");
  await Deno.mkdir(forgotten);
  await Deno.utime(forgotten, 1_700_000_000, 1_700_000_000);
  assert.match(await output(["backup", file, ...data]), /node\/node\.tail/);
  const before = content(site.dataDir);
  const out = await output(["restore", file, "--force", "--json", ...data]);
  const { keys, replaced } = JSON.parse(out);
  assert.equal(keys, "usable", "the master key that is here was kept");
  assert.ok((await Deno.stat(join(replaced, "gateway", "gateway.db"))).isFile);
  const after = content(site.dataDir);
  const windows = (table: Record<string, unknown>) =>
    String(table["sequence_window"]).split("|").slice(0, 2).map(Number);
  assert.equal((windows(after)[1] ?? 0) - (windows(before)[1] ?? 0), 2 ** 32);
  for (const [name, rows] of Object.entries(before)) {
    if (name !== "sequence_window") assert.deepEqual(after[name], rows, name);
  }
  assert.deepEqual(
    [...Deno.readDirSync(site.dataDir)].filter(({ name }) => name.startsWith(".")),
    [],
    "nothing is left behind",
  );

  const elsewhere = join(dir.path, "elsewhere");
  assert.match(await output(["restore", file, "--data-dir", elsewhere]), /master key is missing/);
  for (const broken of [file.slice(0, -1), "damaged"]) {
    const bytes = await Deno.readFile(file);
    const bad = join(dir.path, "bad.tar.gz");
    await Deno.writeFile(bad, broken === "damaged" ? bytes.with(bytes.length >> 1, 1) : bytes.slice(0, -100));
    const refused = await run(["restore", bad, "--force", ...data]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /Cannot use this backup/);
  }
  assert.deepEqual(content(site.dataDir), after, "what cannot be used replaces nothing");
});

Deno.test("a restore that is killed at any moment leaves the old or the new, whole", async () => {
  await using dir = await temporaryDirectory();
  const dataDir = join(dir.path, "data");
  const data = ["--data-dir", dataDir];
  const names = async () =>
    (JSON.parse(await output(["device", "list", "--json", ...data])) as { device_id: string }[]).map(({ device_id }) =>
      device_id
    ).join();
  await output(["device", "add", "old", "--json", ...data]);
  const file = join(dir.path, "old.tar.gz");
  await output(["backup", "--with-keys", file, ...data]);
  await output(["device", "add", "young", "--json", ...data]);
  const seen = new Set<string>();
  const began = performance.now();
  await output(["restore", file, "--force", "--data-dir", join(dir.path, "timing")]);
  const whole = performance.now() - began;
  for (let i = 0; i < 6; i++) {
    await using restoring = start(["restore", file, "--force", ...data]);
    await new Promise((resolve) => setTimeout(resolve, whole * (0.55 + 0.08 * i)));
    await restoring.kill("SIGKILL");
    const found = await names();
    assert.ok(found === "old" || found === "old,young", found);
    seen.add(found);
    if (found === "old") break;
  }
  await output(["restore", file, "--force", ...data]);
  assert.equal(await names(), "old");
  assert.ok(seen.size > 0);
});
