import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { discoveredOn, oddityOf, yamlOf } from "../../../cli/service/scan/report.ts";
import { inverterUrl } from "../../../cli/terminal/inverter_url.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { parse } from "yaml";
import { encodeResponse } from "../../../device/modbus/pdu.ts";
import { encodeMbap } from "../../../device/modbus/mbap.ts";
import type { Search } from "../../../device/scan/lines.ts";
import { scanTcp, type TcpFound } from "../../../device/scan/tcp_scan.ts";
import { FURTHER_TCP_UNITS, USUAL_TCP_UNITS } from "../../../device/scan/usual_units.ts";
import { common, sunSpecWords, threePhase } from "../inverter/fake_unit.ts";
import { clock, type Peer, tcpPeer, value, type Visit } from "../modbus/peer.ts";
import { answerOf } from "../modbus/virtual_device.ts";

const words = sunSpecWords([common(66, "Kostal"), threePhase]);
const fronius = sunSpecWords([common(66, "Fronius"), threePhase]);

async function scanned(
  peer: Peer,
  units: readonly number[] = USUAL_TCP_UNITS,
  answerMs = 200,
  more: Partial<Search> = {},
): Promise<TcpFound> {
  const options = { hosts: ["127.0.0.1"], ports: [peer.port], units, connectMs: 500, answerMs, ...more };
  const io = { clock, log: getLogger(["test"]), signal: new AbortController().signal };
  const [one] = await clock.until(scanTcp(options, io));
  assert.ok(one);
  return one;
}

function frame(
  { request, tid, unit }: Visit,
  changed: { tid?: number; unit?: number } = {},
  held: ReadonlyMap<number, number> = words,
): Uint8Array {
  return value(encodeMbap({ tid, unit, pdu: value(encodeResponse(answerOf(held, request))), ...changed }));
}

/** What is printed for a configuration, taken for one. */
function configured({ host, port, ...talked }: TcpFound) {
  const yaml = yamlOf(discoveredOn({ tcp: { host, port } }, talked)) ?? "";
  const node = { device_id: "roof", gateway: "http://gateway", ...parse(yaml) };
  return NodeConfig.parse(node).buses[0];
}

for (const unit of [71, 100, 200, 240, 0, 85]) {
  Deno.test(`an inverter that answers as unit ${unit} only is found over TCP`, async () => {
    await using peer = tcpPeer((visit) => visit.unit === unit ? visit.send(frame(visit)) : undefined);
    const { found } = await scanned(peer, USUAL_TCP_UNITS, 50);
    assert.deepEqual(found.map((one) => [one.unit, one.kind]), [[unit, "sunspec"]]);
  });
}

Deno.test("an inverter that does not repeat the transaction id is found, and the option printed", async () => {
  await using peer = tcpPeer((visit) => visit.send(frame(visit, { tid: 0 })));
  const one = await scanned(peer, [1, 17]);
  assert.ok(one.found.some(({ kind }) => kind === "sunspec"));
  assert.deepEqual(one.needs.quirks, ["ignore_transaction_id"]);
  assert.equal(configured(one)?.tcp?.ignore_transaction_id, true);
  const [told] = discoveredOn({ tcp: { host: "127.0.0.1", port: one.port } }, one);
  assert.ok(told && oddityOf(told)?.includes("ignore_transaction_id"));
  assert.equal(inverterUrl(told.address, undefined).tcp?.ignore_transaction_id, true);
});

Deno.test("an inverter that answers with another unit id is asked as that, and where that is wrong too, the option printed", async () => {
  await using named = tcpPeer((visit) => visit.send(frame(visit, { unit: 9 })));
  const nine = await scanned(named, [1, 17]);
  assert.deepEqual(nine.found.map((one) => [one.unit, one.kind]), [[9, "sunspec"]]);
  assert.deepEqual(nine.needs.quirks, []);

  await using never = tcpPeer((visit) => visit.send(frame(visit, { unit: (visit.unit + 1) & 0xff })));
  const any = await scanned(never, [1, 3]);
  assert.equal(any.found[0]?.kind, "sunspec");
  assert.deepEqual(any.needs.quirks, ["ignore_unit_id"]);
  assert.equal(configured(any)?.tcp?.ignore_unit_id, true);
});

Deno.test("an inverter that answers later than a scan waits is found, and its time-out printed", async () => {
  let free = Promise.resolve();
  await using peer = tcpPeer((visit) => {
    const answered = free.then(async () => {
      if (visit.unit !== 3) return;
      await clock.sleep(400);
      await visit.send(frame(visit));
    });
    free = answered;
    return answered;
  });
  const one = await scanned(peer, [1, 3], 100);
  assert.deepEqual(one.found.map((one) => [one.unit, one.kind]), [[3, "sunspec"]]);
  assert.ok((one.needs.slowMs ?? 0) >= 400, `${one.needs.slowMs}`);
  const timeout = configured(one)?.timing.timeout ?? 0;
  assert.ok(timeout >= 1000 && timeout >= (one.needs.slowMs ?? 0), `${timeout}`);
});

for (const unit of [4, 12, 15, 16, 20, 101, 201, 248, 254, 255]) {
  Deno.test(`an inverter that answers as unit ${unit} only is found over TCP, after the usual ids`, async () => {
    const asked: number[] = [];
    await using peer = tcpPeer((visit) => {
      asked.push(visit.unit);
      return visit.unit === unit ? visit.send(frame(visit)) : undefined;
    });
    const { found } = await scanned(peer, USUAL_TCP_UNITS, 50, { further: FURTHER_TCP_UNITS });
    assert.deepEqual(found.map((one) => [one.unit, one.kind]), [[unit, "sunspec"]]);
    assert.ok(USUAL_TCP_UNITS.every((usual) => asked.indexOf(usual) < asked.indexOf(unit)));
  });
}

Deno.test("beside an inverter at a usual unit id each further one is asked once, and found", async () => {
  const asked = new Map<number, number>();
  await using peer = tcpPeer((visit) => {
    asked.set(visit.unit, (asked.get(visit.unit) ?? 0) + 1);
    if (visit.unit === 1) return visit.send(frame(visit));
    return visit.unit === 5 ? visit.send(frame(visit, {}, fronius)) : undefined;
  });
  const { found } = await scanned(peer, [1], 50, { further: FURTHER_TCP_UNITS });
  assert.deepEqual(found.map(({ unit, kind }) => [unit, kind]), [[1, "sunspec"], [5, "sunspec"]]);
  const others = FURTHER_TCP_UNITS.filter((unit) => unit > 5); // the first one is asked again, to hear who is late
  assert.deepEqual(others.filter((unit) => asked.get(unit) !== 1), []);
});

Deno.test("of a device that answers to every unit id no further ones are asked", async () => {
  const asked = new Set<number>();
  await using peer = tcpPeer((visit) => {
    asked.add(visit.unit);
    return visit.send(frame(visit));
  });
  await scanned(peer, USUAL_TCP_UNITS, 50, { further: FURTHER_TCP_UNITS });
  assert.deepEqual([...asked].filter((unit) => FURTHER_TCP_UNITS.includes(unit)), []);
});

for (const code of [4, 6, 10, 11]) {
  Deno.test(`an inverter that answers everything with exception ${code} for two seconds is found`, async () => {
    let since: number | undefined;
    await using peer = tcpPeer((visit) => {
      since ??= clock.monotonic();
      if (clock.monotonic() > since + 2000) return visit.send(frame(visit));
      const pdu = value(encodeResponse({ fc: "exception", function: visit.request.fc, code }));
      return visit.send(value(encodeMbap({ tid: visit.tid, unit: visit.unit, pdu })));
    });
    const { found } = await scanned(peer, [1]);
    assert.deepEqual(found.map(({ unit, kind }) => [unit, kind]), [[1, "sunspec"]]);
  });
}

for (
  const [name, bytes] of [["protocol 1", [3, 1]], ["six bytes for every frame", [5, 6]], ["no length", [5, 0]]] as const
) {
  Deno.test(`an inverter whose header says ${name} is found, and the option printed`, async () => {
    await using peer = tcpPeer((visit) => visit.send(frame(visit).with(bytes[0], bytes[1])));
    const one = await scanned(peer, [1]);
    assert.deepEqual(one.found.map(({ kind }) => kind), ["sunspec"]);
    const [quirk] = one.needs.quirks;
    assert.ok(quirk && configured(one)?.tcp?.[quirk], JSON.stringify(one.needs));
  });
}

Deno.test("an inverter that takes nearly five seconds is found where its address is named", async () => {
  let free = Promise.resolve();
  await using peer = tcpPeer((visit) => free = free.then(() => clock.sleep(4800)).then(() => visit.send(frame(visit))));
  const one = await scanned(peer, [1], 200, { listenMs: 5000 });
  assert.deepEqual(one.found.map(({ unit, kind }) => [unit, kind]), [[1, "sunspec"]]);
  assert.ok((one.needs.slowMs ?? 0) >= 4800, `${one.needs.slowMs}`);
});

Deno.test("a time-out that is printed is one that can be set", async () => {
  const line = { host: "127.0.0.1", port: 502 };
  await using peer = tcpPeer((visit) => visit.send(frame(visit)));
  const found = await scanned(peer, [1]);
  const slow = { ...found, ...line, needs: { quirks: [], slowMs: 90_000 } };
  assert.equal(configured(slow)?.timing.timeout, 60_000);
});

for (const base of [1, 39_999, 40_001, 49_999, 50_001]) {
  Deno.test(`an inverter that says nothing but at its map from ${base} on is found`, async () => {
    const beside = sunSpecWords([common(66, "Kostal"), threePhase], { base });
    await using peer = tcpPeer((visit) => {
      const there = answerOf(beside, visit.request).fc !== "exception";
      return there ? visit.send(frame(visit, {}, beside)) : undefined;
    });
    assert.deepEqual((await scanned(peer, [1])).found.map(({ kind }) => kind), ["sunspec"]);
  });
}
