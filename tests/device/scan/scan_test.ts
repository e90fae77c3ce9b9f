import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { Found } from "../../../device/scan/identify.ts";
import type { ScanIo } from "../../../device/scan/lines.ts";
import { scanSerial, serialLines, serialScanMs, USUAL_ANSWER_MS } from "../../../device/scan/serial_scan.ts";
import { hostsOf } from "../../../device/scan/network.ts";
import { scanTcp } from "../../../device/scan/tcp_scan.ts";
import { FURTHER_UNITS, USUAL_UNITS } from "../../../device/scan/usual_units.ts";
import { FakeClock } from "../../fakes/clock.ts";
import "../../fakes/sockets.ts";
import { start } from "../simulator/running.ts";
import "../../fakes/loaded_libraries.ts";

const clock = new FakeClock();

function io(signal = new AbortController().signal): ScanIo {
  return { clock, log: getLogger(["test"]), signal };
}

function inWords(found: readonly Found[]): readonly string[] {
  return found.map((one) => `${one.unit}: ${one.kind}`);
}

async function scanned(port: number, units: readonly number[] = USUAL_UNITS, answerMs = 300) {
  const options = { hosts: ["127.0.0.1"], ports: [port], units, connectMs: 500, answerMs };
  return (await clock.until(scanTcp(options, io())))[0];
}

Deno.test("both kinds of inverter behind one address are found and told apart", async () => {
  await using simulator = await start({ port: 0, profile: "both" }, clock);
  const one = await scanned(simulator.addresses.tcp!.port);
  assert.deepEqual(inWords(one?.found ?? []), ["1: sunspec", "17: ecowatt"]);
  const [sunspec] = one?.found ?? [];
  assert.ok(sunspec?.kind === "sunspec" && sunspec.models.includes(103) && sunspec.identity.serialNumber !== "");
});

for (
  const [mode, sunspec] of [
    ["a map at 0", { base: 0 }],
    ["a map at 50000", { base: 50_000 }],
    ["a model 1 of 65 registers and float models", { identityLength: 65, float: true }],
    ["a map without an end", { end: "none" }],
  ] as const
) {
  Deno.test(`an inverter with ${mode} is found`, async () => {
    await using simulator = await start({ port: 0, profile: "sunspec", sunspec }, clock);
    const one = await scanned(simulator.addresses.tcp!.port);
    assert.deepEqual(inWords(one?.found ?? []), ["1: sunspec"]);
  });
}

Deno.test("an inverter that answers late, or loses some requests, is found", async () => {
  await using late = await start({ port: 0, faults: [{ fault: { kind: "late", delayMs: 150 } }] }, clock);
  assert.deepEqual(inWords((await scanned(late.addresses.tcp!.port))?.found ?? []), ["17: ecowatt"]);
  await using busy = await start({ port: 0, maxClients: 1 }, clock);
  assert.deepEqual(inWords((await scanned(busy.addresses.tcp!.port))?.found ?? []), ["17: ecowatt"]);
});

Deno.test("a port that takes connections and says nothing is told, and does not hold the scan", async () => {
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of mute) held.push(connection);
  })();
  const began = clock.monotonic();
  const one = await scanned(mute.addr.port, [1, 17], 100);
  assert.deepEqual(one?.found, []);
  assert.ok(clock.monotonic() - began < 3_000);
  mute.close();
  for (const connection of held) connection.close();
  await accepting;
});

Deno.test("a network of 254 addresses is swept within 15 s, and one inverter found in it", async () => {
  await using simulator = await start({ port: 0, host: "127.0.0.1" }, clock);
  const hosts = hostsOf("127.0.0.0/24");
  assert.ok(hosts.ok);
  const began = clock.monotonic();
  const shares: number[] = [];
  const found = await clock.until(scanTcp(
    { hosts: hosts.value, ports: [simulator.addresses.tcp!.port], units: [17], connectMs: 1000, answerMs: 700 },
    io(),
    (share) => shares.push(share),
  ));
  assert.ok(clock.monotonic() - began < 15_000);
  assert.deepEqual(found.map(({ host, found }) => [host, inWords(found)]), [["127.0.0.1", ["17: ecowatt"]]]);
  assert.ok(shares.every((share, i) => share >= (shares[i - 1] ?? 0)) && shares.at(-1) === 1);
});

Deno.test("a port that is not there is named", async () => {
  const options = { path: "/dev/ttyNONE", lines: serialLines([9600]), units: [1], answerMs: 50 };
  await assert.rejects(scanSerial(options, io()), /\/dev\/ttyNONE: there is no such device/);
});

Deno.test("a quick search of a serial line takes at most 10 s, one of all ids at one speed 30 s", () => {
  const quick = serialScanMs({ lines: serialLines([]), units: USUAL_UNITS, answerMs: USUAL_ANSWER_MS });
  assert.ok(quick < 9_500, `${quick}`);
  const byItself = { units: USUAL_UNITS, further: FURTHER_UNITS, answerMs: USUAL_ANSWER_MS };
  const withFurther = serialScanMs({ lines: serialLines([]), ...byItself });
  assert.ok(withFurther < 12_000, `${withFurther}`);
  const units = Array.from({ length: 247 }, (_, i) => i + 1);
  const all = serialScanMs({ lines: serialLines([9600], "none"), units, answerMs: 100 });
  assert.ok(all < 29_000, `${all}`);
});

Deno.test("what is not named of a line is what inverters have when they come", () => {
  const inWords = (lines: ReturnType<typeof serialLines>) => lines.map(({ baud, parity }) => `${baud} ${parity}`);
  assert.equal(inWords(serialLines([]))[0], "9600 none");
  assert.deepEqual(inWords(serialLines([4800])), ["4800 none", "4800 even"]);
  assert.deepEqual(inWords(serialLines([], "odd")), ["9600 odd", "19200 odd", "115200 odd", "38400 odd"]);
});

Deno.test("a scan that is given up ends at once", async () => {
  const stop = new AbortController();
  const hosts = hostsOf("198.51.100.0/24"); // RFC 5737: nobody has these
  assert.ok(hosts.ok);
  const began = clock.monotonic();
  const scanning = scanTcp(
    { hosts: hosts.value, ports: [502], units: [1], connectMs: 5_000, answerMs: 700 },
    io(stop.signal),
  );
  stop.abort();
  assert.deepEqual(await scanning, []);
  assert.ok(clock.monotonic() - began < 2_000);
});
