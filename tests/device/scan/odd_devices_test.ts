import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { discoveredOn, oddityOf, yamlOf } from "../../../cli/service/scan/report.ts";
import { inverterUrl } from "../../../cli/terminal/inverter_url.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import { parse } from "yaml";
import { encodeResponse } from "../../../device/modbus/pdu.ts";
import { encodeMbap } from "../../../device/modbus/mbap.ts";
import { USUAL_TCP_UNITS } from "../../../device/scan/lines.ts";
import { scanTcp, type TcpFound } from "../../../device/scan/tcp_scan.ts";
import { common, sunSpecWords, threePhase } from "../inverter/fake_unit.ts";
import { clock, type Peer, tcpPeer, value, type Visit } from "../modbus/peer.ts";
import { answerOf } from "../modbus/virtual_device.ts";

const words = sunSpecWords([common(66, "Kostal"), threePhase]);

async function scanned(peer: Peer, units = USUAL_TCP_UNITS, answerMs = 200): Promise<TcpFound> {
  const options = { hosts: ["127.0.0.1"], ports: [peer.port], units, connectMs: 500, answerMs };
  const io = { clock, log: getLogger(["test"]), signal: new AbortController().signal };
  const [one] = await clock.until(scanTcp(options, io));
  assert.ok(one);
  return one;
}

function frame({ request, tid, unit }: Visit, changed: { tid?: number; unit?: number } = {}): Uint8Array {
  return value(encodeMbap({ tid, unit, pdu: value(encodeResponse(answerOf(words, request))), ...changed }));
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
