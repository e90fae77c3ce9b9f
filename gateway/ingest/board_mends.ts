import { isSettled, type Mend, mended } from "../boards/chain.ts";
import { columnNames, DEFAULT_LAYOUT } from "../boards/registers.ts";
import { BRIDGED_MS } from "../energy/integral.ts";
import { ONLY_INVERTER } from "../store/inverters.ts";
import type { Device } from "../store/devices.ts";
import type { SampleReviser } from "../store/port/sample_batch.ts";

/**
 * Milliseconds of stored samples that one upload corrects at most, and a rest that is not worth waiting for: it would be
 * bridged as a gap.
 */
const SLICE_MS = 1_800_000;
const REST_MS = BRIDGED_MS;

/** Corrections that wait: older ones are dropped. */
const MOST_MENDS = 16;

/** The corrections that are to be made of a board's samples while an upload is stored. */
interface Mending {
  /** Takes up another one, and goes on. */
  begin(mend: Mend): void;
  /** Goes on with those that wait, the oldest first. Returns what is left for the next upload. */
  finish(): readonly Mend[];
}

/** Goes on with the corrections that wait from the upload before. */
export function createMending(
  waiting: readonly Mend[],
  { deviceId }: Pick<Device, "deviceId">,
  samples: SampleReviser,
): Mending {
  let left = waiting;
  let budgetMs = SLICE_MS;
  const goOn = () => {
    while (left[0] !== undefined && budgetMs > 0) {
      const [mend, ...rest] = left;
      const from = mend.doneTo + 1;
      const end = mend.endAt + 1;
      const to = end - from <= budgetMs + REST_MS ? end : from + budgetMs;
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
      budgetMs -= to - from;
      left = to === end ? rest : [{ ...mend, doneTo: to - 1 }, ...rest];
    }
    return left;
  };
  return {
    begin(mend) {
      left = [...left, mend].slice(-MOST_MENDS);
      goOn();
    },
    finish: goOn,
  };
}
