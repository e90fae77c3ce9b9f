import assert from "node:assert/strict";
import { crc16 } from "../../../device/modbus/crc.ts";
import { fromHex } from "../../../crypto/bytes.ts";
import { createFaultPlan } from "../../../device/simulator/fault.ts";
import { ecowattUnit } from "../../../device/simulator/ecowatt_unit.ts";
import { httpApi } from "../../../device/simulator/http_api.ts";
import { createInverter } from "../../../device/simulator/inverter.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { reference, testWith } from "../../needs.ts";

const READ_ALL = "11030000000AC75D";

function api(apiKey?: string) {
  const clock = new FakeClock(Date.UTC(2026, 2, 10, 6, 40));
  const plant = { latitude: 6.9, longitude: 79.9, ratedWatts: 5000, phases: 1, tripsPerDay: 0, seed: 7 } as const;
  const inverter = createInverter(plant, clock.now);
  const site = { units: new Map([[17, ecowattUnit(inverter)]]), plan: createFaultPlan(1, [], clock.monotonic) };
  const app = httpApi(site, { apiKey }, { clock, stop: new AbortController().signal });
  const post = async (path: string, body: unknown, key: string | undefined = "test key") => {
    const response = await app.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === undefined ? {} : { authorization: key }) },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, frame: text.startsWith("{") ? JSON.parse(text).frame : text };
  };
  return { clock, inverter, post, read: (frame: string) => post("/api/inverter/read", { frame }) };
}

function isWhole(hex: string): boolean {
  const bytes = fromHex(hex) ?? new Uint8Array();
  const crc = crc16(bytes, 0, bytes.length - 2);
  return bytes.length > 4 && bytes.at(-2) === (crc & 0xff) && bytes.at(-1) === crc >> 8;
}

Deno.test("the board's poll gives ten registers in upper-case hex", async () => {
  const { status, frame } = await api().read(READ_ALL);
  assert.equal(status, 200);
  assert.match(frame, /^110314[0-9A-F]{44}$/);
  assert.ok(isWhole(frame));
});

Deno.test("a write is echoed letter by letter and acts", async () => {
  const { post, inverter } = api();
  assert.deepEqual(await post("/api/inverter/write", { frame: "1106000800328B4D" }), {
    status: 200,
    frame: "1106000800328B4D",
  });
  assert.equal(inverter.values().limitPercent, 50);
});

testWith([reference("esp32/sim-frames.json")], "every real request frame is answered as the original did", async () => {
  const { frames } = JSON.parse(await Deno.readTextFile(reference("esp32/sim-frames.json").url));
  for (const { dir, frame, crc_ok, what } of frames) {
    if (dir !== "request") continue;
    const answer = await api().read(frame);
    if (!crc_ok) assert.equal(answer.frame, "", `${what}: a frame with a wrong CRC gets a blank answer`);
    else if (frame === "11060008138807CE") assert.equal(answer.frame, "11860303A4", what);
    else if (frame.startsWith("1106")) assert.equal(answer.frame, frame, what);
    else assert.ok(isWhole(answer.frame) && answer.frame.startsWith("1103"), what);
  }
});

const malformed = [
  { name: "no JSON", body: "{", status: 400, frame: "" },
  { name: "no frame", body: {}, status: 400, frame: "" },
  { name: "a number as frame", body: { frame: 17 }, status: 400, frame: "" },
  { name: "an empty frame", body: { frame: "" }, status: 200, frame: "" },
  { name: "half a byte", body: { frame: "110" }, status: 200, frame: "" },
  { name: "no hex", body: { frame: "zz" }, status: 200, frame: "" },
  { name: "a wrong CRC", body: { frame: "11030000000AC75E" }, status: 200, frame: "" },
  { name: "a bad address", body: { frame: "1103000A0001A698" }, status: 200, frame: "118302C134" },
  { name: "more than 64 KiB", body: { frame: "1".repeat(70_000) }, status: 413, frame: "" },
];
for (const { name, body, status, frame } of malformed) {
  Deno.test(`a request with ${name} gets ${status} and the frame "${frame}"`, async () => {
    assert.deepEqual(await api().post("/api/inverter/read", body), { status, frame });
  });
}

Deno.test("without the right key there is no answer", async () => {
  assert.equal((await api("test right").post("/api/inverter/read", { frame: READ_ALL }, "test wrong")).status, 401);
  assert.equal((await api().post("/api/inverter/read", { frame: READ_ALL }, "")).status, 401);
  assert.equal((await api("test right").post("/api/inverter/read", { frame: READ_ALL }, "test right")).status, 200);
});

const flags = [
  { errorType: "EXCEPTION", exceptionCode: 6, delayMs: 0, expect: (frame: string) => frame.startsWith("118306") },
  { errorType: "CRC_ERROR", exceptionCode: 0, delayMs: 0, expect: (frame: string) => !isWhole(frame) },
  { errorType: "CORRUPT", exceptionCode: 0, delayMs: 0, expect: (frame: string) => !isWhole(frame) },
  { errorType: "PACKET_DROP", exceptionCode: 0, delayMs: 0, expect: (frame: string) => frame === "" },
];
for (const { expect, ...flag } of flags) {
  Deno.test(`the flag ${flag.errorType} strikes the next read of its key once`, async () => {
    const { post, read } = api();
    assert.equal((await post("/api/user/error-flag/add", flag)).status, 200);
    assert.ok(isWhole((await post("/api/inverter/read", { frame: READ_ALL }, "test other key")).frame));
    const { frame } = await read(READ_ALL);
    assert.ok(expect(frame), frame);
    assert.ok(isWhole((await read(READ_ALL)).frame));
  });
}

Deno.test("the flag DELAY holds the answer back", async () => {
  const { post, read, clock } = api();
  await post("/api/user/error-flag/add", { errorType: "DELAY", exceptionCode: 0, delayMs: 1500 });
  let answered = false;
  const reading = read(READ_ALL).finally(() => answered = true);
  while (clock.sleeping === 0) await clock.advance(0);
  await clock.advance(1499);
  assert.equal(answered, false);
  await clock.advance(1);
  assert.ok(isWhole((await reading).frame));
});

Deno.test("the error API answers the faulty frame at once, without a key", async () => {
  const request = { slaveAddress: 1, functionCode: 1, errorType: "EXCEPTION", exceptionCode: 1, delayMs: 0 };
  const { post } = api("test right");
  assert.deepEqual(await post("/api/inverter/error", request, ""), { status: 200, frame: "0181018190" });
  const { slaveAddress: _, ...incomplete } = request;
  assert.deepEqual(await post("/api/inverter/error", incomplete, ""), { status: 400, frame: "" });
  const crc = await post("/api/inverter/error", { ...request, functionCode: 3, errorType: "CRC_ERROR" }, "");
  assert.ok(crc.frame.startsWith("0103") && !isWhole(crc.frame));
});
