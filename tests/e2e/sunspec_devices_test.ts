import assert from "node:assert/strict";
import { join } from "node:path";
import { createFaultPlan } from "../../device/simulator/fault.ts";
import { serveTcp } from "../../device/simulator/tcp_server.ts";
import type { SimulatedUnit } from "../../device/simulator/unit.ts";
import { systemClock } from "../../platform/clock.ts";
import { common, type FakeModel, sunSpecWords, threePhase } from "../device/inverter/fake_unit.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
import { run, start, until } from "./process.ts";
import { ask, output, samples, startGateway } from "./site.ts";

/** Nothing but what `words` say; all else is not implemented, whatever its type. */
function model(id: number, length: number, words: Readonly<Record<number, number>>): FakeModel {
  const unknown = Object.fromEntries(Array.from({ length }, (_, i) => [i + 2, 0x8000]));
  return { id, length, words: { ...unknown, ...words } };
}

/** Feeds in 1,234 W: exported 1,234,567 Wh and imported 300,000 Wh until now. */
const meter = model(203, 105, {
  ...{ 18: -1234 & 0xffff, 19: -400 & 0xffff, 20: -414 & 0xffff, 21: -420 & 0xffff, 22: 0 },
  ...{ 38: 0x0012, 39: 0xd687, 46: 0x0004, 47: 0x93e0, 54: 0 },
});
/** A battery at 76.5 %, charging. */
const storage = model(124, 24, { 8: 765, 11: 4, 22: 0xffff });
/** Gives 4,936 W at 230.9 V and 50.01 Hz, running; 5,000,000,000 Wh since its installation. */
const der = model(701, 153, {
  ...{ 4: 3, 10: 4936, 16: 2309, 17: 0, 18: 5001, 19: 0, 20: 1, 21: 0x2a05, 22: 0xf200, 23: 0, 24: 0, 25: 0, 26: 0 },
  ...{ 113: 0xffff, 114: 0xffff, 115: 0xfffe, 116: 0, 120: 0 },
});
/** Its battery at 55 %. */
const capacity = model(713, 7, { 4: 55, 8: 0 });

/** Serves maps over Modbus TCP, by unit ids. */
function serve(maps: Readonly<Record<number, readonly FakeModel[]>>) {
  const units = Object.entries(maps).map(([unit, models]): readonly [number, SimulatedUnit] => {
    const words = sunSpecWords(models);
    return [Number(unit), {
      functions: new Set([3, 6, 16]),
      read(address, count) {
        const found = Array.from({ length: count }, (_, i) => words.get(address + i));
        return found.every((word) => word !== undefined) ? found : 2;
      },
      write: () => 2,
    }];
  });
  const site = { units: new Map(units), plan: createFaultPlan(1, [], () => 0) };
  return serveTcp(site, { host: "127.0.0.1", port: 0, maxClients: 8 }, { clock: systemClock });
}

const MAPS = {
  1: [common(66, "Fronius"), threePhase, storage, meter],
  2: [common(66, "SMA"), der, capacity],
};

interface Inverters {
  readonly inverters: readonly { readonly inverter: string; readonly power_w: number | null }[];
}

Deno.test("an inverter with a meter behind it, one with storage and one of models 701 and 713 reach the gateway as what they are", async () => {
  await using folder = await temporaryDirectory();
  await using server = serve(MAPS);
  const gateway = await startGateway(folder.path);
  await using _gateway = gateway.process;
  const token = await output(["token", "create", "test", "--role", "admin", "--data-dir", folder.path]);
  const added = JSON.parse(await output(["device", "add", "roof", "--data-dir", folder.path, "--json"]));
  const config = join(folder.path, "ecowatt.yaml");
  await Deno.writeTextFile(
    config,
    `node:
  device_id: roof
  gateway: ${gateway.url}
  key: "${added.key.key}"
  poll_interval: 0.5s
  upload_interval: 1s
  buses:
    - tcp: { host: 127.0.0.1, port: ${server.port} }
      inverters:
        - { name: hybrid, unit: 1, profile: sunspec }
        - { name: meter, unit: 1, profile: sunspec, device: 1 }
        - { name: der, unit: 2, profile: sunspec }
`,
    { mode: 0o600 },
  );
  await using _node = start(["node", "--config", config, "--data-dir", folder.path]);
  const expected = {
    "103.W": 2345.6,
    "124.ChaState": 76.5,
    "124.ChaSt": 4,
    "203.W": -1234,
    "203.TotWhExp": 1_234_567,
    "203.TotWhImp": 300_000,
    "701.W": 4936,
    "701.LNV": 230.9,
    "701.Hz": 50.01,
    "701.InvSt": 3,
    "701.TotWhInj": 5_000_000_000,
    "713.SoC": 55,
  };
  const seen = await until("values of all devices", async () => {
    const points = await samples(gateway.url, token, "roof");
    const told = points.flatMap(({ values }) => Object.entries(values).filter(([, value]) => value !== null));
    const values = Object.fromEntries(told);
    return Object.keys(expected).every((name) => name in values) ? values : undefined;
  });
  for (const [name, value] of Object.entries(expected)) assert.equal(seen[name], value, name);
  // What the meter measures is no production.
  const power = await until("power of both inverters", async () => {
    const { inverters } = await ask<Inverters>(gateway.url, token, "/api/v1/devices/roof/energy");
    return inverters.length >= 2 ? inverters.map(({ inverter }) => inverter).toSorted() : undefined;
  });
  assert.deepEqual(power, ["der", "hybrid"]);
});

Deno.test("scan names each device behind a unit id, with the address by which it is read and the configuration", async () => {
  await using server = serve(MAPS);
  const scan = await run(["scan", "tcp", "127.0.0.1", "--port", `${server.port}`, "--units", "1,2"]);
  assert.equal(scan.code, 0, scan.err);
  assert.match(scan.out, /unit=1&profile=sunspec\n +SunSpec hybrid inverter: Fronius Model SN1, models 1 103 124\n/);
  assert.match(scan.out, /unit=1&profile=sunspec&device=1\n +SunSpec meter: Fronius Model, models 203\n/);
  assert.match(scan.out, /unit=2&profile=sunspec\n +SunSpec hybrid inverter: SMA Model SN1, models 1 701 713\n/);
  assert.match(scan.out, /\{ name: meter2, profile: sunspec, unit: 1, device: 1 \}/);
  const read = await run(["read", `tcp://127.0.0.1:${server.port}?unit=1&profile=sunspec&device=1`, "--json"]);
  assert.equal(JSON.parse(read.out).values["203.W"].value, -1234, read.err);
});
