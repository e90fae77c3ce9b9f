import assert from "node:assert/strict";
import { knownProfile } from "../../../profiles/known_profile.ts";
import { Fault } from "../../../gateway/fault.ts";
import { createColumnsOf } from "../../../gateway/ingest/columns.ts";
import { decodeBlocks } from "../../../gateway/ingest/node_blocks.ts";
import { createUploadPace } from "../../../gateway/ingest/upload_bounds.ts";
import { createSeriesStore } from "../../../gateway/store/series.ts";
import { systemRandom } from "../../../platform/random.ts";
import { MAX_BLOCKS, MAX_MINUTES, SampleBlock } from "../../../protocol/messages/sample_blocks.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { FakeClock } from "../../fakes/clock.ts";
import {
  addSigned,
  blockOf,
  send,
  signedPost,
  someSamples,
  startDeviceGateway,
  storedSamples,
  upload,
} from "../../fakes/device_gateway.ts";
import { openGatewayStore } from "../../fakes/gateway_store.ts";

const DAY = 86_400_000;
const REGISTERS = ecowatt.defaultRegisters;

/** Samples of one register, each in a minute of its own. */
function minutes(count: number, start = Date.now() - 30 * DAY) {
  return Array.from({ length: count }, (_, i) => ({ at: start + 60_000 * i, values: [i] }));
}

Deno.test("an upload has samples in so many minutes and no more, and nothing of a larger one is stored", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const blocks = (first: number, count: number) => [
    blockOf(first, minutes(count - 1), ["Pac"]),
    blockOf(first + 1, minutes(1), ["Pac"]),
  ];
  const refused = await send(gateway, signedPost(gateway, key, 1, upload("roof", ...blocks(1, MAX_MINUTES + 1))));
  assert.deepEqual([refused.status, refused.signed], [422, true]);
  assert.equal(refused.json.detail, "The upload has samples in 1001 minutes; 1000 is the most for one");
  assert.equal(storedSamples(gateway.store), 0);
  const taken = await send(gateway, signedPost(gateway, key, 2, upload("roof", ...blocks(3, MAX_MINUTES))));
  assert.deepEqual([taken.status, taken.json.accepted_blocks], [200, [3, 4]]);
});

Deno.test("a sample is dated around its upload, and each block that is not is named", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const now = Date.now();
  const table: readonly (readonly [at: number, path: string | undefined])[] = [
    [0, "start_ms"],
    [Date.UTC(2000, 0, 1), "start_ms"],
    [now - 1_826 * DAY, "start_ms"],
    [now - 1_824 * DAY, undefined],
    [now - 14 * DAY, undefined],
    [now + 2 * DAY, undefined],
    [now + 30 * DAY, undefined],
    [now + 32 * DAY, "end_ms"],
    [Date.UTC(2100, 0, 1), "end_ms"],
    [2 ** 44 - 1, "end_ms"],
  ];
  for (const [index, [at, path]] of table.entries()) {
    const good = blockOf(2 * index + 1, someSamples(1, now - 1_000));
    const dated = blockOf(2 * index + 2, [{ at, values: [2300, 1000] }]);
    const answer = await send(gateway, signedPost(gateway, key, index + 1, upload("roof", good, dated)));
    assert.deepEqual([answer.status, answer.signed], [path === undefined ? 200 : 422, true], `${at}`);
    assert.deepEqual(answer.json.errors?.map((error: { path: string }) => error.path), path && [`blocks[1].${path}`]);
  }
  assert.equal(storedSamples(gateway.store), 2 * table.filter(([, path]) => path === undefined).length);
});

Deno.test("the names of inverters are a device's own to choose, up to a bound; what it has goes on", async () => {
  await using gateway = startDeviceGateway();
  const key = await addSigned(gateway.store, "roof");
  const named = (id: number, inverter: string) => ({ ...blockOf(id, someSamples(1)), inverter });
  const all = Array.from({ length: MAX_BLOCKS }, (_, i) => named(i + 1, `inverter-${i}`));
  assert.equal((await send(gateway, signedPost(gateway, key, 1, upload("roof", ...all)))).status, 200);
  const more = upload("roof", named(1_000, "inverter-0"), named(1_001, "one-more"));
  const refused = await send(gateway, signedPost(gateway, key, 2, more));
  assert.deepEqual([refused.status, refused.signed], [422, true]);
  assert.match(refused.json.detail, /^Device roof has samples under names of 256 inverters: as many as one may have$/);
  assert.equal(storedSamples(gateway.store), MAX_BLOCKS);
  const known = await send(gateway, signedPost(gateway, key, 3, upload("roof", named(1_000, "inverter-0"))));
  assert.deepEqual(known.json.accepted_blocks, [1_000]);
  const other = await addSigned(gateway.store, "barn");
  assert.equal((await send(gateway, signedPost(gateway, other, 1, upload("barn", named(1, "one"))))).status, 200);
});

Deno.test("so are the profiles and the lists of registers", () => {
  using store = openGatewayStore();
  const series = createSeriesStore(store.db, systemRandom);
  const ensure = (profile: string, registers: readonly string[]) =>
    series.ensure([{ device: "roof", inverter: "inverter", profile, registers }]);
  const refuses = (what: RegExp, add: () => unknown) =>
    assert.throws(add, (error) => error instanceof Fault && error.code === "refused" && what.test(error.message));
  for (let n = 0; n < 32; n++) ensure(`sunspec:103@${n}/50`, ["103.W"]);
  store.db.exec("BEGIN");
  refuses(/under 32 profiles:/, () => ensure("ecowatt", ["Pac"]));
  store.db.exec("ROLLBACK");
  for (let n = 32; n < 2_048; n++) ensure("sunspec:103@0/50", ["103.W", `${n}`]);
  refuses(/under 2048 series:/, () => ensure("sunspec:103@0/50", ["103.A"]));
  assert.ok(ensure("sunspec:103@0/50", ["103.W"]));
});

/** What `decodeBlocks` is given to decode, and how many turns it leaves to others meanwhile. */
async function turnsFor(count: number, samples: number): Promise<number> {
  const block = blockOf(
    1,
    Array.from({ length: samples }, (_, i) => ({ at: 1_780_000_000_000 + i, values: REGISTERS.map((_, r) => r) })),
    [...REGISTERS],
  );
  let turns = 0;
  await decodeBlocks(
    Array.from({ length: count }, (_, id) => SampleBlock.parse({ ...block, block_id: id + 1 })),
    createColumnsOf(knownProfile),
    () => {
      turns++;
      return Promise.resolve();
    },
  );
  return turns;
}

Deno.test("others get their turn while a large upload is decoded, and an ordinary one takes none", async () => {
  assert.equal(await turnsFor(1, 8), 0);
  assert.equal(await turnsFor(24, 8), 0);
  assert.equal(await turnsFor(4, 3_000), 3, "30,000 values in one go, never 60,000");
});

Deno.test("a device brings so much work in a minute, in large uploads or small ones, and other devices notice nothing", async () => {
  const clock = new FakeClock();
  const pace = createUploadPace(clock);
  const isRefused = (error: unknown) => error instanceof Fault && error.code === "too_many" && error.retryAfter === 1;
  for (let n = 0; n < 120; n++) pace.take(1, 100_000);
  assert.throws(() => pace.take(1, 100_000), isRefused);
  assert.throws(() => pace.take(1, 100), isRefused);
  for (let n = 0; n < 10_000; n++) pace.take(2, 1_200);
  assert.throws(() => pace.take(2, 1_200), isRefused);
  pace.take(3, 100_000);
  await clock.advance(1_000);
  pace.take(1, 100_000);
  pace.take(1, 100_000);
  assert.throws(() => pace.take(1, 100_000), isRefused);
  await clock.advance(3_600_000);
  for (let n = 0; n < 120; n++) pace.take(1, 100_000);
  assert.throws(() => pace.take(1, 100_000), isRefused);
});
