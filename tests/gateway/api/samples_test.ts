import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { chooseResolution } from "../../../gateway/api/sample_request.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { at, type Fixture, NOW, openFixture } from "./fixture.ts";

const MINUTE = 60_000;
const DEVICE = "roof";
const PATH = `/api/v1/devices/${DEVICE}`;
const Page = z.looseObject({
  resolution: z.string(),
  points: z.array(
    z.looseObject({ time_ms: z.number(), inverter: z.string(), values: z.record(z.string(), z.unknown()) }),
  ),
  next: z.string().nullable(),
});

async function withDevice(): Promise<Fixture> {
  const f = await openFixture();
  await f.management.addDevice({ deviceId: DeviceId.parse(DEVICE), model: "test", auth: "signed" });
  return f;
}

/** Two inverters, 90 samples each, every 20 s up to now; the power counts up, the temperature has a gap in every third. */
async function withSamples(): Promise<Fixture> {
  const f = await withDevice();
  for (const inverter of ["east", "west"]) {
    const samples = Array.from({ length: 90 }, (_, i) => ({
      at: NOW - 30 * MINUTE + 20_000 * i,
      values: [100 + i, i % 3 === 0 ? undefined : 415],
    }));
    await f.store({ device: DEVICE, inverter, registers: ["Pac", "Temp"], samples, quality: "estimated" });
  }
  return f;
}

Deno.test("samples of a range come as polled, with units, quality and gaps", async () => {
  await using f = await withSamples();
  const from = new Date(NOW - MINUTE).toISOString();
  const { status, body } = await f.ask("GET", `${PATH}/samples?from=${from}&resolution=raw&inverter=east`);
  assert.equal(status, 200);
  const point = (i: number, temperature: number | null) => ({
    time_ms: NOW - 30 * MINUTE + 20_000 * i,
    inverter: "east",
    quality: "estimated",
    values: { Pac: 100 + i, Temp: temperature },
  });
  assert.deepEqual(body, {
    device_id: DEVICE,
    resolution: "raw",
    from_ms: NOW - MINUTE,
    to_ms: NOW,
    registers: [
      { name: "Pac", unit: "W", description: "Output power" },
      { name: "Temp", unit: "°C", description: "Inverter temperature" },
    ],
    points: [point(87, null), point(88, 41.5), point(89, 41.5)],
    next: null,
  });
});

Deno.test("a rollup tells count, extremes, sum, mean and last of each register", async () => {
  await using f = await withSamples();
  const { body } = await f.ask("GET", `${PATH}/samples?registers=REG_PAC&resolution=15m&inverter=west`);
  const summary = (first: number, time: number) => ({
    count: 45,
    min: first,
    max: first + 44,
    sum: 45 * (first + 22),
    mean: first + 22,
    last: first + 44,
    last_ms: time + 44 * 20_000,
    quality: "estimated",
  });
  assert.deepEqual(
    at(body, "points"),
    [NOW - 30 * MINUTE, NOW - 15 * MINUTE].map((time, i) => ({
      time_ms: time,
      inverter: "west",
      quality: "estimated",
      values: { Pac: summary(100 + 45 * i, time) },
    })),
  );
});

Deno.test("pages of any size put together are the whole range, once each", async () => {
  await using f = await withSamples();
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }),
      fc.constantFrom("raw", "1m", "auto"),
      async (limit, resolution) => {
        const whole = Page.parse((await f.ask("GET", `${PATH}/samples?limit=10000&resolution=${resolution}`)).body);
        const points: unknown[] = [];
        let cursor = "";
        let found = whole.resolution;
        do {
          const query = `limit=${limit}&resolution=${resolution}${cursor}`;
          const page = Page.parse((await f.ask("GET", `${PATH}/samples?${query}`)).body);
          assert.ok(page.points.length <= limit);
          points.push(...page.points);
          cursor = page.next === null ? "" : `&cursor=${page.next}`;
          found = page.resolution;
        } while (cursor !== "");
        if (found === whole.resolution) assert.deepEqual(points, whole.points);
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("CSV of samples as polled", async () => {
  await using f = await withDevice();
  const samples = [{ at: NOW - 2_000, values: [2305, undefined] }, { at: NOW - 1_000, values: [2298, 900] }];
  await f.store({ device: DEVICE, registers: ["Vac1", "Pac"], samples });
  const response = await f.send("viewer", "GET", `${PATH}/samples.csv?resolution=raw`);
  assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8; header=present");
  assert.equal(response.headers.get("content-disposition"), 'attachment; filename="roof-raw.csv"');
  assert.equal(
    await response.text(),
    "time,inverter,quality,Vac1,Pac\r\n" +
      "2026-06-21T11:59:58.000Z,inverter,exact,230.5,\r\n" +
      "2026-06-21T11:59:59.000Z,inverter,exact,229.8,900\r\n",
  );
});

Deno.test("CSV of a rollup, and of nothing", async () => {
  await using f = await withDevice();
  const samples = [{ at: NOW - 2_000, values: [2305, undefined] }, { at: NOW - 1_000, values: [2298, undefined] }];
  await f.store({ device: DEVICE, registers: ["Vac1", "Pac"], samples, quality: "lossy" });
  assert.equal(
    await (await f.send("viewer", "GET", `${PATH}/samples.csv?resolution=1m`)).text(),
    "time,inverter,quality,Vac1_count,Vac1_min,Vac1_max,Vac1_sum,Vac1_mean,Vac1_last," +
      "Pac_count,Pac_min,Pac_max,Pac_sum,Pac_mean,Pac_last\r\n" +
      "2026-06-21T11:59:00.000Z,inverter,lossy,2,229.8,230.5,460.3,230.15,229.8,,,,,,\r\n",
  );
  const empty = await f.send("viewer", "GET", `${PATH}/samples.csv?resolution=raw&to=1000&from=0`);
  assert.equal(await empty.text(), "time,inverter,quality,Vac1,Pac\r\n");
});

Deno.test("a long CSV is made while it is read, and a reader may leave", async () => {
  await using f = await withDevice();
  for (let block = 0; block < 40; block++) {
    const start = NOW - 80_000_000 + block * 500_000;
    const samples = Array.from({ length: 500 }, (_, i) => ({ at: start + i * 1_000, values: [i] }));
    await f.store({ device: DEVICE, registers: ["Pac"], samples });
  }
  const left = await f.send("viewer", "GET", `${PATH}/samples.csv?resolution=raw`);
  const reader = left.body?.getReader();
  const first = await reader?.read();
  assert.ok((first?.value?.length ?? 0) < 20_000);
  await reader?.cancel();
  const whole = await (await f.send("viewer", "GET", `${PATH}/samples.csv?resolution=raw`)).text();
  assert.equal(whole.split("\r\n").length, 1 + 20_000 + 1);
});

Deno.test("the latest values are those of the newest block, register by register, also after the registers changed", async () => {
  await using f = await withSamples();
  await f.store({
    device: DEVICE,
    inverter: "east",
    registers: ["Pac", "Vac1"],
    samples: [{ at: NOW + 1_000, values: [7, 2300] }, { at: NOW + 2_000, values: [undefined, 2301] }],
  });
  const { body } = await f.ask("GET", `${PATH}/latest?inverter=east`);
  assert.deepEqual(at(body, "values"), [
    { inverter: "east", register: "Pac", unit: "W", value: 7, quality: "exact", time_ms: NOW + 1_000 },
    { inverter: "east", register: "Temp", unit: "°C", value: 41.5, quality: "estimated", time_ms: NOW - 20_000 },
    { inverter: "east", register: "Vac1", unit: "V", value: 230.1, quality: "exact", time_ms: NOW + 2_000 },
  ]);
  const device = (await f.ask("GET", PATH)).body;
  assert.deepEqual(at(device, "inverters"), ["east", "west"]);
  assert.equal(at(device, "last_sample_ms"), NOW + 2_000);
});

Deno.test("SunSpec values are scaled, and scale factors are shown only when asked for", async () => {
  await using f = await withDevice();
  const profile = "sunspec:103@40070/50";
  const samples = [{ at: NOW - 1_000, values: [2305, 0xffff] }, { at: NOW - 500, values: [2305, -1] }];
  await f.store({ device: DEVICE, profile, registers: ["103.PhVphA", "103.V_SF"], samples });
  const { body } = await f.ask("GET", `${PATH}/samples?resolution=raw`);
  assert.deepEqual(at(body, "points", 1, "values"), { "103.PhVphA": 230.5 });
  assert.deepEqual(at(body, "points", 0, "values"), { "103.PhVphA": null });
  const asked = (await f.ask("GET", `${PATH}/samples?resolution=raw&registers=103.V_SF`)).body;
  assert.deepEqual(at(asked, "points", 1, "values"), { "103.V_SF": -1 });
});

Deno.test("questions that make no sense are refused with the field", async () => {
  await using f = await withSamples();
  const cases: readonly (readonly [string, number, string])[] = [
    ["samples?from=yesterday", 400, "from"],
    ["samples?from=2026-06-21T12:00:00Z&to=2026-06-21T12:00:00Z", 400, "from"],
    ["samples?to=2026-02-30T12:00:00Z", 400, "to"],
    ["samples?from=99999999999999", 400, "from"],
    ["samples?limit=0", 400, "limit"],
    ["samples?limit=1e9", 400, "limit"],
    ["samples?limit=many", 400, "limit"],
    ["samples?resolution=2m", 400, "resolution"],
    ["samples?cursor=raw.1", 400, "cursor"],
    ["samples?registers=Pac,Pac", 400, "registers"],
    ["samples?registers=", 400, "registers"],
    ["samples?registers=Vac1", 400, "registers"],
    ["samples?inverter=a%20b", 400, "inverter"],
    ["samples.csv?from=x", 400, "from"],
  ];
  for (const [query, status, field] of cases) {
    const answer = await f.ask("GET", `${PATH}/${query}`);
    assert.equal(answer.status, status, query);
    assert.equal(at(answer.body, "errors", 0, "path")?.toString().split(".")[0], field, query);
  }
  assert.equal((await f.ask("GET", "/api/v1/devices/nobody/samples")).status, 404);
  assert.deepEqual(at((await f.ask("GET", `${PATH}/samples?inverter=none&registers=Pac`)).body, "points"), []);
});

Deno.test("auto is the finest resolution that fits the limit and is still kept", () => {
  const DAY = 86_400_000;
  const ages = { raw: 30 * DAY, "1m": 365 * DAY, "15m": 1825 * DAY, "1d": undefined };
  const choose = (agoDays: number, days: number, limit: number, count = 0) => {
    const from = NOW - agoDays * DAY;
    return chooseResolution({ from, to: from + days * DAY, now: NOW, limit, ages, rawCount: () => count });
  };
  const cases = [
    [choose(0.1, 0.1, 1000, 900), "raw"],
    [choose(0.1, 0.1, 1000, 1001), "1m"],
    [choose(0.1, 0.1, 1000, 0), "1m"],
    [choose(1, 1, 1000, 43_200), "15m"],
    [choose(1, 1, 2000, 43_200), "1m"],
    [choose(31, 0.1, 1000, 900), "1m"],
    [choose(30, 30, 3000, 9), "15m"],
    [choose(400, 0.1, 1000, 0), "15m"],
    [choose(4000, 0.1, 1000, 0), "1d"],
    [choose(365, 365, 1000, 0), "1d"],
  ];
  assert.deepEqual(cases.map(([chosen]) => chosen), cases.map(([, expected]) => expected));
});
