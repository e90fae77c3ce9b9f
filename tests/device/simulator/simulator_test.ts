import assert from "node:assert/strict";
import { start } from "./running.ts";
import { SimulatorOptions } from "../../../device/simulator/options.ts";
import { FakeClock } from "../../fakes/clock.ts";
import "../../fakes/loaded_libraries.ts";

async function readOverHttp(base: string | undefined): Promise<string> {
  const response = await fetch(`${base}/api/inverter/read`, {
    method: "POST",
    headers: { authorization: "test key" },
    body: JSON.stringify({ frame: "11030000000AC75D" }),
  });
  return (await response.json()).frame;
}

Deno.test("several simulators run in one process, each with its own sun", async () => {
  await using one = await start({ port: 0, httpPort: 0, serial: "pty", seed: 1 });
  await using other = await start({ port: 0, httpPort: 0, serial: "pty", seed: 2 });
  assert.notEqual(one.addresses.tcp?.port, other.addresses.tcp?.port);
  assert.match(one.addresses.serial ?? "", /^\/dev\/pts\/\d+$/);
  const frames = await Promise.all([readOverHttp(one.addresses.http), readOverHttp(other.addresses.http)]);
  assert.equal(frames[0]?.length, 50);
  assert.notEqual(frames[0], frames[1]);
});

Deno.test("a busy port is named, and nothing is left running", async () => {
  await using first = await start({ port: 0, httpPort: 0 });
  const port = first.addresses.tcp?.port ?? 0;
  const httpPort = Number(new URL(first.addresses.http ?? "").port);
  await assert.rejects(start({ port }), {
    message: `Cannot serve Modbus TCP on 127.0.0.1:${port}: another program uses that port`,
  });
  await assert.rejects(start({ port: 0, httpPort }), {
    message: `Cannot serve the inverter API on 127.0.0.1:${httpPort}: another program uses that port`,
  });
  await assert.rejects(
    start({ port: 0, serial: "/dev/ttyNONE7" }),
    /Cannot open \/dev\/ttyNONE7: there is no such device/,
  );
});

Deno.test("a simulator stops at once, with clients connected and answers outstanding", async () => {
  const simulator = await start({ port: 0, httpPort: 0, serial: "pty" }, new FakeClock()); // which stands still
  const client = await Deno.connect({ hostname: "127.0.0.1", port: simulator.addresses.tcp?.port ?? 0 });
  simulator.inject({ kind: "late", delayMs: 60_000 }, { times: 1, over: "tcp" });
  simulator.inject({ kind: "late", delayMs: 60_000 }, { times: 1, over: "http" });
  // Of two requests each, the one that is answered shows that the other is waiting.
  for (const tid of [1, 2]) await client.write(Uint8Array.of(0, tid, 0, 0, 0, 6, 17, 3, 0, 0, 0, 10));
  assert.equal(await client.read(new Uint8Array(100)), 29);
  const asking = [1, 2].map(() => readOverHttp(simulator.addresses.http).catch(() => "gone"));
  await Promise.race(asking);
  await simulator[Symbol.asyncDispose]();
  await Promise.all(asking);
  assert.equal(await client.read(new Uint8Array(10)), null);
  client.close();
});

Deno.test("a disconnect over HTTP breaks the answer off", async () => {
  await using simulator = await start({ httpPort: 0 });
  simulator.inject({ kind: "disconnect" });
  await assert.rejects(readOverHttp(simulator.addresses.http));
  assert.equal((await readOverHttp(simulator.addresses.http)).length, 50);
});

Deno.test("simulated time runs as fast as asked for", async () => {
  const clock = new FakeClock();
  await using simulator = await start({ start: "2026-03-10T06:40:00Z", speed: 3600 }, clock);
  const first = simulator.values().at;
  assert.ok(Math.abs(first - Date.parse("2026-03-10T06:40:00Z")) < 3_600_000);
  await clock.advance(1_000);
  assert.equal(simulator.values().at, first + 3_600_000);
});

Deno.test("options have defaults, and each bad one is refused", () => {
  const options = SimulatorOptions.parse({});
  assert.deepEqual([options.host, options.port, options.httpPort, options.unit, options.profile], [
    "127.0.0.1",
    5020,
    8090,
    17,
    "ecowatt",
  ]);
  const bad = [
    { port: 70_000 },
    { unit: 0 },
    { speed: 0 },
    { start: "noon" },
    { profile: "sma" },
    { profile: "both", unit: 1, sunspecUnit: 1 },
    { sunspec: { base: 1 } },
    { plant: { ratedWatts: -1 } },
    { ports: 1 },
  ];
  for (const each of bad) assert.equal(SimulatorOptions.safeParse(each).success, false, JSON.stringify(each));
});
