import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { Found } from "../../../device/scan/identify.ts";
import type { ScanIo } from "../../../device/scan/lines.ts";
import { scanSerial, serialLines } from "../../../device/scan/serial_scan.ts";
import { systemClock } from "../../../platform/clock.ts";
import { start } from "../simulator/running.ts";

function io(): ScanIo {
  return { clock: systemClock, log: getLogger(["test"]), signal: new AbortController().signal };
}

function inWords(found: readonly Found[]): readonly string[] {
  return found.map((one) => `${one.unit}: ${one.kind}`);
}

Deno.test("a serial line is searched for speed, parity and unit id, and the search ends where one answers", async () => {
  await using simulator = await start({ serial: "pty", profile: "both", unit: 3 });
  const options = {
    path: simulator.addresses.serial!,
    lines: serialLines([9600, 19_200], "none"),
    answerMs: 200,
  };
  const result = await scanSerial({ ...options, units: [1, 2, 3] }, io());
  assert.equal(result?.line.baud, 9600);
  assert.deepEqual(inWords(result?.found ?? []), ["1: sunspec", "3: ecowatt"]);
});

Deno.test("a damaged or silent serial line gives nothing", async () => {
  await using simulator = await start({ serial: "pty", faults: [{ fault: { kind: "crc" } }] });
  const options = {
    path: simulator.addresses.serial!,
    lines: serialLines([9600], "none"),
    units: [1, 17],
    answerMs: 50,
  };
  assert.equal(await scanSerial(options, io()), undefined);
});

Deno.test("the line is found by the usual unit ids, and the others are then looked for at its speed only", async () => {
  await using simulator = await start({ serial: "pty", profile: "both", unit: 40 });
  const shares: number[] = [];
  const result = await scanSerial(
    { path: simulator.addresses.serial!, lines: serialLines([]), units: [40, 41, 1], answerMs: 100 },
    io(),
    (share) => shares.push(share),
  );
  assert.equal(result?.line.baud, 9600);
  assert.deepEqual(inWords(result?.found ?? []), ["1: sunspec", "40: ecowatt"]);
  assert.ok(shares.every((share, i) => share >= (shares[i - 1] ?? 0)) && shares.at(-1) === 1);
});
