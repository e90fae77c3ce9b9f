import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { parseUploadBody } from "../../../gateway/boards/upload_body.ts";
import { createBoardMemory } from "../../../gateway/ingest/board_memory.ts";
import { mendBoard } from "../../../gateway/ingest/board_mender.ts";
import { takeBoardUpload } from "../../../gateway/ingest/board_upload.ts";
import type { SampleReviser } from "../../../gateway/store/port/sample_batch.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { type OpenedStores, openTestStores } from "../../fakes/stores.ts";
import { boardBody } from "../boards/board.ts";
import type { DayBatch } from "../boards/days.ts";

export const MIDNIGHT = Date.UTC(2026, 5, 21);
const REGISTERS = ["Vac1", "Iac1", "Ipv1", "Pac", "Ipv2", "Temp"];
/** Raw units in the unit of each register. */
const GAINS = [10, 10, 10, 1, 10, 10];

/** A board, uploading to real stores: a batch in each upload, number `n` of which ended 10 × n seconds after midnight. */
export interface UploadingBoard extends Omit<OpenedStores, typeof Symbol.asyncDispose> {
  /** Closes the stores and opens them again: `stores`, `services` and `db` are others then. */
  restart(): Promise<void>;
  /** Uploads the batches with these numbers, from 1, and makes the corrections behind each. Those without a frame are sent as they are. */
  upload(day: readonly DayBatch[], numbers: Iterable<number>): Promise<void>;
  /** Uploads one batch, and corrects nothing. */
  uploadOnly(day: readonly DayBatch[], number: number): Promise<void>;
  /** Makes a slice of the corrections that wait: how many batches it corrected, and whether there are more. `fails`: and undoes it. */
  mendOnce(options?: { readonly fails: boolean }): Promise<{ readonly batches: number; readonly more: boolean }>;
  /** The values that are stored of a batch, raw, and what they are worth. */
  stored(number: number): { readonly values: readonly number[]; readonly quality: string | undefined };
  /** Of all days. */
  energy(): { readonly wh: number; readonly notCountedWh: number };
}

/** Lends a board whose gateway knows nothing of it yet. */
export async function withBoard(use: (board: UploadingBoard) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const open = () => openTestStores(folder, { timeZone: "UTC" });
  let opened = await open();
  try {
    const { devices, commit } = opened.stores;
    const add = await devices.add({ deviceId: DeviceId.parse("shed"), model: "esp32", auth: "legacy" });
    await commit.run(() => add(MIDNIGHT));
    const reopen = async () => {
      await opened[Symbol.asyncDispose]();
      return opened = await open();
    };
    await use(createBoard(opened, reopen));
  } finally {
    await opened[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

function createBoard(first: OpenedStores, reopen: () => Promise<OpenedStores>): UploadingBoard {
  let opened = first;
  return {
    get db() {
      return opened.db;
    },
    get stores() {
      return opened.stores;
    },
    get services() {
      return opened.services;
    },
    async restart() {
      opened = await reopen();
    },
    async upload(day, numbers) {
      const all = [...numbers];
      const takeOne = (number: number) => {
        let { mends } = take(opened, day, number);
        while (mends) mends = mend(opened).more;
      };
      const takeSome = () => all.splice(0, 500).forEach(takeOne);
      while (all.length > 0) await opened.stores.commit.run(takeSome);
    },
    uploadOnly: (day, number) => opened.stores.commit.run(() => void take(opened, day, number)),
    mendOnce: ({ fails } = { fails: false }) =>
      opened.stores.commit.run(() => {
        const slice = mend(opened);
        if (fails) throw new Error("test: the slice is undone");
        return slice;
      }),
    stored: (number) => storedBatch(opened, number),
    energy() {
      const days = opened.services.energy.days("shed", 2, MIDNIGHT + 86_400_000);
      const sum = (of: "wh" | "notCountedWh") => days.reduce((total, day) => total + day[of], 0);
      return { wh: sum("wh"), notCountedWh: sum("notCountedWh") };
    },
  };
}

function take({ stores, services }: OpenedStores, day: readonly DayBatch[], number: number) {
  const { frame, truth } = day[number - 1] ?? assert.fail(`no batch ${number}`);
  const timestamp = 10_000 * number;
  const body = parseUploadBody(boardBody(timestamp, [{ frame: frame ?? exactFrame(truth), timestamp }], number));
  assert.ok(body.ok);
  const boards = createBoardMemory(stores.boards);
  const io = { ...stores, boards, samples: services.samples, log: getLogger(["test"]) };
  return takeBoardUpload(stores.devices.find("shed") ?? assert.fail(), body.value, io, MIDNIGHT + timestamp);
}

function mend({ stores: { devices, boards }, services: { samples } }: OpenedStores) {
  let batches = 0;
  const revise: SampleReviser["revise"] = (revision) => {
    const revised = samples.revise(revision);
    batches += revised.length;
    return revised;
  };
  const more = mendBoard(devices.find("shed") ?? assert.fail(), {
    boards: createBoardMemory(boards),
    samples: { revise },
  });
  return { batches, more };
}

function storedBatch({ services: { reader } }: OpenedStores, number: number) {
  const to = MIDNIGHT + 10_000 * number + 1;
  const points = [...reader.raw(reader.select({ device: "shed", registers: REGISTERS, from: to - 9_000, to }))];
  const values = points.flatMap(({ values }) => values.map((value, i) => Math.round((value ?? NaN) * (GAINS[i] ?? 1))));
  return { values, quality: points.at(-1)?.quality };
}

/** A raw frame of the values, which are exact. */
function exactFrame(values: readonly number[]): Uint8Array {
  return Uint8Array.from([0, values.length, ...values.flatMap((value) => [value & 0xff, value >> 8])]);
}

/** Whole numbers, both ends included. */
export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
