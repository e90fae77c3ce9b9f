import assert from "node:assert/strict";
import { join } from "node:path";
import { run, type Running, start, until } from "./process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { gatewayUrl, output, samples } from "./site.ts";

const PORTS = ["--port", "0", "--modbus-port", "0", "--http-port", "0"];

function demoIn(folder: string): Running {
  return start(["demo", "--data-dir", folder, ...PORTS]);
}

Deno.test("settings made at the shell are applied by the node, and outlive kill -9", async (t) => {
  await using folder = await temporaryDirectory();
  const local = ["--data-dir", folder.path];
  await using demo = demoIn(folder.path);
  await demo.says(/First sample stored/);
  const steps: readonly [readonly string[], number, RegExp][] = [
    [["settings", "get", "demo"], 0, /version 0, in_sync/],
    [["settings", "history", "demo"], 0, /No setting of demo was ever changed/],
    [
      ["settings", "set", "demo", "poll=0.5s", "--dry-run"],
      0,
      /Would change:\n {2}poll_interval_s: the device's own → 0.5/,
    ],
    [["settings", "set", "demo", "poll=0.5s", "upload=2s", "registers=Vac1,Pac"], 0, /Version 1, waiting for demo/],
    [["settings", "set", "demo", "poll=0.5s"], 0, /Unchanged: demo is to have these settings already \(version 1\)/],
    [["settings", "set", "demo", "poll=1s", "--if-version", "7"], 1, /version/],
    [["settings", "set", "demo", "poll=9s", "upload=1s", "registers=Foo,Vac1,Vac1"], 1, /twice.*Foo.*below the poll/s],
    [["settings", "set", "demo", "speed=9"], 2, /"speed=9" is not one of poll=/],
    [["settings", "set", "demo", "poll=soon"], 2, /must be a duration/],
  ];
  for (const [args, code, message] of steps) {
    await t.step(`ecowatt ${args.join(" ")}`, async () => {
      const finished = await run([...args, ...local]);
      assert.match(finished.out + finished.err, message);
      assert.equal(finished.code, code);
    });
  }
  await applied(local);
  await demo.kill("SIGKILL");

  await using again = demoIn(folder.path);
  const url = await gatewayUrl(again);
  await again.says(/First sample stored/);
  const since = Date.now();
  const token = (await Deno.readTextFile(join(folder.path, "viewer.token"))).trim();
  // A busy machine polls late, or leaves polls out: that any two are half a second apart shows the interval.
  const points = await until("polls half a second apart after the restart", async () => {
    const all = (await samples(url, token, "demo")).filter((point) => point.time_ms > since);
    const gaps = all.slice(1).map((point, index) => point.time_ms - (all[index]?.time_ms ?? 0));
    return gaps.some((gap) => gap > 250 && gap < 750) ? all : undefined;
  });
  const polled = points.map(({ values }) => Object.keys(values).filter((name) => values[name] !== null).sort());
  for (const names of polled) assert.deepEqual(names, ["Pac", "Vac1"]);
  assert.match(await output(["settings", "history", "demo", ...local]), /✓ +v1 +outcome +state=in_sync/);
});

async function applied(local: readonly string[]): Promise<void> {
  await until("the settings applied", async () => {
    const found = JSON.parse(await output(["settings", "get", "demo", "--json", ...local]));
    return found.version === 1 && Object.values(found.progress as Record<string, { status: string }>)
        .every(({ status }) => status === "applied")
      ? true
      : undefined;
  });
}
