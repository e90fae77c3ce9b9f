import { isSettled, type Mend, mended } from "../boards/chain.ts";
import { columnNames, DEFAULT_LAYOUT } from "../boards/registers.ts";
import { ONLY_INVERTER } from "../store/inverters.ts";
import type { Device } from "../store/devices.ts";
import type { SampleReviser } from "../store/port/sample_batch.ts";
import { BUCKET_MS } from "../store/rollups.ts";

/** Corrections that wait: older ones are dropped. */
const MOST_MENDS = 16;

/** A slice ends where a quarter of an hour does, so that its sums are made once: some 90 batches, 15 ms of work. */
const SLICE_MS = BUCKET_MS["15m"];

/** The corrections that wait, and more of them. */
export function withMends(waiting: readonly Mend[], shown: readonly Mend[]): readonly Mend[] {
  return [...waiting, ...shown].slice(-MOST_MENDS);
}

/** Corrects a slice of what the oldest of the waiting corrections is about, inside the transaction of the caller. Returns what is left. */
export function mendSlice(
  waiting: readonly Mend[],
  { deviceId }: Pick<Device, "deviceId">,
  samples: SampleReviser,
): readonly Mend[] {
  const [mend, ...rest] = waiting;
  if (mend === undefined) return waiting;
  const from = mend.doneTo + 1;
  const to = Math.min(mend.endAt + 1, from - from % SLICE_MS + SLICE_MS);
  samples.revise({
    device: deviceId,
    inverter: ONLY_INVERTER,
    profile: "ecowatt",
    registers: columnNames(DEFAULT_LAYOUT),
    from,
    to,
    correct: ({ at, values }) => ({ at, values: mended(mend, at, values) }),
    settles: (samples) => isSettled(mend, samples),
  });
  return to > mend.endAt ? rest : [{ ...mend, doneTo: to - 1 }, ...rest];
}
