import type { BoardState } from "./board_state.ts";

/** Polls that make a batch. */
const BATCH_POLLS = 5;

/** Two batches in a row that agree on the poll interval within this share are believed. */
const AGREEMENT = 0.05;

/** Learns the poll interval from the time between two batches. A failed poll makes one gap longer: it takes two alike. */
export function followPolls(state: BoardState, at: number | undefined): BoardState {
  const before = state.taken.at(-1);
  if (at === undefined || before === undefined || at <= before) return { ...state, lastPollMs: null };
  const pollMs = (at - before) / BATCH_POLLS;
  const agrees = state.lastPollMs !== null && Math.abs(pollMs - state.lastPollMs) <= AGREEMENT * pollMs;
  return { ...state, lastPollMs: pollMs, pollMs: agrees ? pollMs : state.pollMs };
}

/**
 * Unix ms of the samples of a batch that ended at `end`: the last was polled just before, the others one poll interval apart,
 * closer when the batch began before that much time had passed.
 */
export function sampleTimes(state: BoardState, end: number, samples: number): readonly number[] {
  const interval = Math.min(state.pollMs, state.lastPollMs ?? state.pollMs);
  return Array.from({ length: samples }, (_, i) => Math.round(end - (samples - 1 - i) * interval));
}
