import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { boardBody, Listener, rawFrame, REPEAT_FRAME, type SentPacket } from "./board.ts";

const NIGHT = [2308, 0, 0, 0, 0, 353];
const START = Date.UTC(2026, 5, 21, 12);

/** Batches number `from` to `to` of a board that made its first at 13 s and one each 10 s. */
function batches(from: number, to: number, frame = rawFrame(NIGHT)): SentPacket[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({ frame, timestamp: 3000 + 10_000 * (from + i) }));
}

Deno.test("a batch that comes again in a new body is known, and does not disturb what follows", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(18_000, batches(1, 1), 1), START);
  const again = gateway.hear(boardBody(33_000, [...batches(1, 1), ...batches(2, 2, REPEAT_FRAME)], 2), START + 15_000);
  assert.equal(again.duplicates, 1);
  assert.deepEqual(again.batches.map((batch) => batch.key), [{ boot: 1, uptimeMs: 23_000 }]);
  assert.deepEqual(again.batches[0]?.samples.map((sample) => sample.values), Array(5).fill(NIGHT));
  assert.equal(again.batches[0]?.quality, "exact");
});

Deno.test("a batch that is in one body twice is taken once", () => {
  const gateway = new Listener();
  const upload = gateway.hear(boardBody(18_000, [...batches(1, 1), ...batches(1, 1)], 1), START);
  assert.deepEqual(upload.batches.map((batch) => batch.key), [{ boot: 1, uptimeMs: 13_000 }]);
  assert.equal(upload.duplicates, 1);
});

Deno.test("batches in a wrong order are all taken, and known when they come again", () => {
  const gateway = new Listener();
  const packets = [...batches(2, 2), ...batches(1, 1)];
  assert.equal(gateway.hear(boardBody(28_000, packets, 2), START).batches.length, 2);
  assert.equal(gateway.hear(boardBody(43_000, packets, 2), START + 15_000).duplicates, 2);
});

Deno.test("frames behind a batch that is missing are provisional, until a frame stands for itself again", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(18_000, batches(1, 1), 1), START);
  const packets = [...batches(3, 4, REPEAT_FRAME), ...batches(5, 5), ...batches(6, 6, REPEAT_FRAME)];
  const upload = gateway.hear(boardBody(64_000, packets, 6), START + 46_000);
  assert.equal(upload.lost, 1);
  assert.deepEqual(upload.undecodable, []);
  assert.deepEqual(upload.batches.map(({ quality }) => quality), ["provisional", "provisional", "exact", "exact"]);
  assert.deepEqual(upload.batches[0]?.samples.map(({ values }) => values), Array(5).fill(NIGHT));
});

Deno.test("behind a lost start of a boot the last sample of the boot before stands in", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(118_000, batches(10, 11), 11), START);
  const upload = gateway.hear(boardBody(34_000, batches(2, 3, REPEAT_FRAME), 3), START + 60_000);
  assert.deepEqual(upload.batches.map(({ key, quality }) => [key?.boot, quality]), [[2, "provisional"], [
    2,
    "provisional",
  ]]);
});

Deno.test("of a board that nothing is known of, a frame that refers to a batch is set aside", () => {
  const gateway = new Listener();
  const upload = gateway.hear(boardBody(64_000, batches(5, 5, REPEAT_FRAME), 5), START);
  assert.deepEqual(upload.undecodable.map(({ fault }) => fault), ["missing_base"]);
});

Deno.test("a reboot is noticed by the smaller clock", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(118_000, batches(10, 11), 11), START);
  const upload = gateway.hear(boardBody(18_500, batches(1, 1), 1), START + 60_000);
  assert.deepEqual(upload.batches[0]?.key, { boot: 2, uptimeMs: 13_000 });
});

Deno.test("a reboot is noticed by the smaller clock also when no fewer batches were made", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(18_000, batches(1, 1), 1), START);
  const upload = gateway.hear(boardBody(17_900, [{ frame: rawFrame(NIGHT), timestamp: 12_900 }], 1), START + 60_000);
  assert.deepEqual(upload.batches[0]?.key, { boot: 2, uptimeMs: 12_900 });
});

Deno.test("a reboot is noticed by a board that was silent for longer than its clock has run", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(18_000, batches(1, 1), 1), START);
  const upload = gateway.hear(boardBody(64_200, batches(5, 6), 6), START + 3_600_000);
  assert.equal(upload.batches[0]?.key?.boot, 2);
});

Deno.test("a reboot is noticed by the smaller number of batches though the clock is ahead", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(118_000, batches(11, 11), 11), START);
  const upload = gateway.hear(boardBody(125_000, [{ frame: rawFrame(NIGHT), timestamp: 120_000 }], 3), START + 300_000);
  assert.equal(upload.batches[0]?.key?.boot, 2);
  assert.equal(upload.lost, 0);
});

Deno.test("a reboot is noticed by a batch that the boot before did not make", () => {
  const gateway = new Listener();
  gateway.hear(boardBody(54_000, batches(3, 5), 5), START);
  const other = batches(1, 8).map((packet) => ({ ...packet, timestamp: packet.timestamp + 137 }));
  const upload = gateway.hear(boardBody(84_000, other, 8), START + 600_000);
  assert.equal(upload.duplicates, 0);
  assert.deepEqual(upload.batches.map((batch) => batch.key?.boot), Array(8).fill(2));
});

Deno.test("the clock of a board may wrap: no reboot, and no key comes twice", () => {
  const gateway = new Listener();
  const wrap = 2 ** 32;
  const last = { frame: rawFrame(NIGHT), timestamp: wrap - 12_000 };
  const first = gateway.hear(boardBody(wrap - 7000, [last], 429_000), START);
  const next = { frame: REPEAT_FRAME, timestamp: wrap - 2000 };
  const upload = gateway.hear(boardBody(8000, [next], 429_001), START + 15_000);
  assert.deepEqual([first, upload].map(({ batches }) => batches[0]?.key), [
    { boot: 1, uptimeMs: wrap - 12_000 },
    { boot: 1, uptimeMs: wrap - 2000 },
  ]);
  assert.equal(upload.batches[0]?.samples.at(-1)?.at, START + 5000);
  const later = gateway.hear(boardBody(23_000, [{ frame: REPEAT_FRAME, timestamp: 8000 }], 429_002), START + 30_000);
  assert.deepEqual(later.batches[0]?.key, { boot: 1, uptimeMs: wrap + 8000 });
});

Deno.test("a cut body counts what it lost once, also when its answer got lost and it comes again longer", () => {
  const gateway = new Listener();
  const cut = gateway.hear(boardBody(134_000, batches(1, 13), 13), START);
  assert.ok(cut.batches.length >= 8 && cut.batches.length < 13);
  assert.equal(cut.lost, 13 - cut.batches.length);
  const again = gateway.hear(boardBody(149_000, batches(1, 14), 14), START + 15_000);
  assert.deepEqual([again.batches.length, again.duplicates, again.lost], [0, cut.batches.length, 1]);
  const after = gateway.hear(boardBody(164_000, batches(15, 16), 16), START + 30_000);
  assert.deepEqual([after.batches.length, after.lost], [2, 0]);
  assert.equal(gateway.state.boot, 1);
});

Deno.test("behind a cut body that was answered comes a gap, also when the next body is cut too", () => {
  const gateway = new Listener();
  const cut = gateway.hear(boardBody(134_000, batches(1, 13), 13), START);
  const next = gateway.hear(boardBody(264_000, batches(14, 26, REPEAT_FRAME), 26), START + 130_000);
  assert.equal(cut.batches.length + cut.lost, 13);
  assert.deepEqual([next.batches.length, next.items + next.lost], [next.items, 13]);
  assert.ok(next.batches.every(({ quality }) => quality === "provisional"));
});

Deno.test("a first body that is cut begins with the first batch of its boot", () => {
  const gateway = new Listener();
  const overwritten = Uint8Array.from([0xd0, 0, 30, 0, 0]);
  const upload = gateway.hear(boardBody(134_000, [...batches(1, 1, overwritten), ...batches(2, 13)], 13), START);
  assert.deepEqual(upload.batches[0]?.samples[0]?.values, [2400, 170, 70, 4200, 65, 550]);
});

Deno.test("a new poll interval dates samples once two batches agree on it", () => {
  const gateway = new Listener();
  const at = [13_000, 23_000, 73_000, 123_000, 173_000];
  const packets = at.map((timestamp) => ({ frame: rawFrame(NIGHT), timestamp }));
  const upload = gateway.hear(boardBody(173_000, packets, 5), START);
  const spacing = upload.batches.map(({ samples }) => (samples[1]?.at ?? 0) - (samples[0]?.at ?? 0));
  assert.deepEqual(spacing, [2000, 2000, 2000, 10_000, 10_000]);
});

Deno.test("items are Base64 texts, numbers, or objects with either, under any of their keys", () => {
  const text = "AB4EAAgAAA==";
  const values = [2308, 0, 0, 0, 0, 353];
  const raw = btoa(String.fromCharCode(...rawFrame(NIGHT)));
  for (const key of ["compressed_data", "smart_data", "binary_data", "data"]) {
    const items = [raw, values, { compressed_binary: raw }, { binary_data: raw }, { data: values }, text, { x: 1 }];
    const upload = new Listener().hear(utf8(JSON.stringify({ id: "x", [key]: items })), START);
    assert.deepEqual(upload.batches.map((batch) => batch.item), [0, 1, 2, 3, 4], key);
    assert.deepEqual(upload.batches[1]?.samples.map((sample) => sample.values), [values]);
    assert.deepEqual(upload.undecodable.map(({ fault }) => fault), ["length", "no_content"], key);
    assert.ok(upload.batches.every((batch) => batch.key === undefined));
  }
});

Deno.test("numbers that are no register values are set aside, not made into some", () => {
  const items = [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5, -1], [1, 2, 3, 4, 5, 6.5], [1, 2, 3, 4, 5, "6"], [
    1,
    2,
    3,
    4,
    5,
    65536,
  ]];
  const upload = new Listener().hear(utf8(JSON.stringify({ device_id: "x", data: items })), START);
  assert.deepEqual(upload.undecodable.map(({ fault }) => fault), ["length", "value", "value", "value", "value"]);
  assert.deepEqual(upload.batches, []);
});
