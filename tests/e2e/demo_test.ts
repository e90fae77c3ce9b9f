import assert from "node:assert/strict";
import { join } from "node:path";
import { type Running, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { ask, gatewayUrl, output, samples } from "./site.ts";

const PORTS = ["--port", "0", "--modbus-port", "0", "--http-port", "0"];

interface Latest {
  readonly values: readonly { readonly register: string; readonly value: number; readonly unit: string }[];
}

function startDemo(folder: string): Running {
  return start(["demo", ...PORTS], { cwd: folder });
}

async function token(folder: string): Promise<string> {
  return (await Deno.readTextFile(join(folder, ".ecowatt-demo/viewer.token"))).trim();
}

Deno.test("the demo stores samples, agrees with the inverter and the API, and loses nothing to kill -9", async () => {
  await using folder = await temporaryDirectory();
  await using first = startDemo(folder.path);
  const url = await gatewayUrl(first);
  const [, time, table] = await first.says(/First sample stored, taken at (\S+):\nREGISTER[^\n]*\n([\s\S]*?)\n\n/);
  const viewer = await token(folder.path);

  assert.deepEqual(await (await fetch(`${url}/health`)).json(), { status: "healthy" });
  const stored = await samples(url, viewer, "demo");
  const said = Object.fromEntries(
    (table ?? "").split("\n").map((row) => row.split(/ +/)).map(([n, v]) => [n, Number(v)]),
  );
  assert.deepEqual(stored.find((point) => point.time_ms === Date.parse(time ?? ""))?.values, said);

  const reading = JSON.parse(
    await output(["read", "--config", ".ecowatt-demo/ecowatt.yaml", "--json"], { cwd: folder.path }),
  );
  const latest = await ask<Latest>(url, viewer, "/api/v1/devices/demo/latest");
  for (const { register, value, unit } of latest.values) {
    assert.equal(reading.values[register].unit, unit);
    const distance = Math.abs(reading.values[register].value - value);
    assert.ok(distance <= 0.2 * value + 1, `${register}: read ${reading.values[register].value}, stored ${value}`);
  }

  assert.equal(first.err().replace(/^Check .*\n/gm, ""), "", "a demo that works has nothing to warn of");
  const before = await samples(url, viewer, "demo");
  await first.kill("SIGKILL");

  await using second = startDemo(folder.path);
  const again = await gatewayUrl(second);
  const after = await until("a sample after the restart", async () => {
    const all = await samples(again, viewer, "demo");
    return all.length > before.length ? all : undefined;
  });
  assert.deepEqual(after.slice(0, before.length), before);
  assert.equal(new Set(after.map((point) => point.time_ms)).size, after.length);
  assert.equal(await second.kill("SIGINT"), 0);
  assert.match(second.out(), /Stopping; everything is kept/);
});
