import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { NEW_BOARD } from "../../../gateway/boards/board_state.ts";
import type { Mend } from "../../../gateway/boards/chain.ts";
import { Fault } from "../../../gateway/fault.ts";
import { createBoardMemory } from "../../../gateway/ingest/board_memory.ts";
import { createBoardMender } from "../../../gateway/ingest/board_mender.ts";
import { withMends } from "../../../gateway/ingest/board_mends.ts";
import { MOST_WORK } from "../../../gateway/store/group_commit.ts";
import type { Revision } from "../../../gateway/store/port/sample_batch.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { MIDNIGHT, range } from "./uploading_board.ts";

const MINUTE = 60_000;

/** A correction of so many minutes from 0:05 on. */
function mendOf(minutes: number): Mend {
  const knownAt = MIDNIGHT + 5 * MINUTE;
  const endAt = knownAt + minutes * MINUTE - 2_000;
  const offsets = [null, null, null, 10, null, null];
  return { knownAt, powerKnownAt: knownAt, endAt, gaps: [], shownAt: endAt + 2_000, offsets, doneTo: knownAt };
}

/** Boards with these corrections, and what is done of them: inverter of a revision and its span in minutes since midnight. */
function setUp(mends: Readonly<Record<string, readonly Mend[]>>) {
  const states = new Map(
    Object.values(mends).map((waiting, row) => [row, JSON.stringify({ ...NEW_BOARD, mends: waiting })]),
  );
  const done: string[] = [];
  const weights: (number | undefined)[] = [];
  let trouble: Error | undefined;
  const minutes = (at: number) => Math.round((at - MIDNIGHT) / MINUTE);
  const mender = createBoardMender({
    commit: {
      run: async (work, { weight } = {}) => {
        await Promise.resolve();
        weights.push(weight);
        if (trouble) throw trouble;
        return work();
      },
    },
    boards: createBoardMemory({ load: (row) => states.get(row), save: (row, state) => void states.set(row, state) }),
    samples: {
      revise: ({ device, from, to }: Revision) => {
        done.push(`${device} ${minutes(from)}-${minutes(to)}`);
        return [];
      },
    },
    log: getLogger(["test"]),
  });
  const devices = Object.keys(mends).map((name, row) => ({ row, deviceId: DeviceId.parse(name) }));
  return { mender, devices, done, weights, states, fail: (error: Error | undefined) => trouble = error };
}

/** Lets all that is ready run. */
const turns = () => new FakeClock().advance(0);

Deno.test("boards are corrected in turn, each slice in a transaction of its own, until nothing waits", async () => {
  const { mender, devices, done, weights, states } = setUp({ shed: [mendOf(25)], barn: [mendOf(10), mendOf(1)] });
  for (const device of devices) mender.wake(device);
  await turns();
  assert.deepEqual(done, ["shed 5-15", "barn 5-15", "shed 15-30", "barn 5-6"]);
  assert.deepEqual(weights, range(1, 4).map(() => MOST_WORK));
  assert.deepEqual([...states.values()].map((state) => JSON.parse(state).mends), [[], []]);
});

Deno.test("a board without corrections, or without a state, is left alone", async () => {
  const { mender, devices: [shed], done, states } = setUp({ shed: [] });
  assert.ok(shed);
  mender.wake(shed);
  await turns();
  states.clear();
  mender.wake(shed);
  await turns();
  assert.deepEqual(done, []);
});

Deno.test("what cannot be stored now waits for the next upload", async () => {
  for (const error of [new Fault("unavailable", "test: the disk is full"), new Error("test: damaged")]) {
    const { mender, devices: [shed], done, fail } = setUp({ shed: [mendOf(20)] });
    assert.ok(shed);
    fail(error);
    mender.wake(shed);
    await turns();
    assert.deepEqual(done, []);
    fail(undefined);
    mender.wake(shed);
    await turns();
    assert.deepEqual(done, ["shed 5-15", "shed 15-25"]);
  }
});

Deno.test("of the corrections that wait the newest sixteen are kept", () => {
  const waiting = range(1, 16).map(mendOf);
  const shown = [mendOf(17), mendOf(18)];
  assert.deepEqual(withMends(waiting, shown), [...waiting.slice(2), ...shown]);
});
