import type { BoardState } from "./board_state.ts";
import { forget, freshEncoder } from "./encoder_memory.ts";
import type { UploadBody } from "./upload_body.ts";

/** The board's clock is `millis()`, uint32. */
const CLOCK_PERIOD = 2 ** 32;

/** Batches a board holds; older ones it has overwritten. */
export const BOARD_BATCHES = 20;

/** What a late answer, a slow request and the drift of a clock may add up to between two uploads. */
const CLOCK_SLACK_MS = 30_000;

/** Milliseconds from one reading of a board's clock to a later one, across at most one wrap. */
function elapsed(from: number, to: number): number {
  return (((to - from) % CLOCK_PERIOD) + CLOCK_PERIOD) % CLOCK_PERIOD;
}

/** The state with which to read a body: the board's own boot went on, or a new one has begun. */
export function enterBoot(state: BoardState, body: UploadBody, arrival: number): BoardState {
  if (body.timestamp === undefined) return state;
  const { bodyAt, heardAt } = state;
  if (bodyAt === null || heardAt === null || hasRebooted(state, body, arrival, bodyAt, heardAt)) {
    return {
      ...state,
      boot: state.boot + 1,
      bodyAt: body.timestamp,
      heardAt: arrival,
      taken: [],
      batches: null,
      cutOff: 0,
      // The last sample stands in for the first ones of this boot, should they be lost.
      encoder: { ...freshEncoder(state.encoder.habits), last: state.encoder.last },
    };
  }
  return { ...state, bodyAt: bodyAt + elapsed(bodyAt, body.timestamp), heardAt: arrival };
}

function hasRebooted(state: BoardState, body: UploadBody, arrival: number, bodyAt: number, heardAt: number): boolean {
  const timestamp = body.timestamp ?? 0;
  const forward = elapsed(bodyAt, timestamp);
  // Only a clock that has run for weeks can wrap; in a wrong order of bodies it would have run for weeks between them.
  if (forward > CLOCK_PERIOD / 2) return true;
  if (body.batchesSinceBoot !== undefined && body.batchesSinceBoot < (state.batches ?? 0)) return true;
  const uptimes = packetUptimes(body, bodyAt + forward);
  const oldest = state.taken[0];
  const newest = state.taken.at(-1);
  if (oldest === undefined || newest === undefined) return false;
  if (uptimes.some((at) => state.taken.includes(at))) return false;
  if (uptimes.some((at) => at >= oldest && at <= newest)) return true;
  if (body.batchesSinceBoot === (state.batches ?? NaN) + state.cutOff + body.packets.length) return false;
  // It was heard longer ago than its clock has run.
  return timestamp + CLOCK_SLACK_MS < arrival - heardAt && forward === timestamp - (bodyAt % CLOCK_PERIOD);
}

/** Uptimes of the packets that have a believable time. */
function packetUptimes(body: UploadBody, bodyAt: number): readonly number[] {
  return body.packets.map((packet) => packetUptime(packet.timestamp, bodyAt)).filter((at) => at !== undefined);
}

/** Uptime of a packet in a body sent at `bodyAt`; `undefined` without a time, or with one after the body's. */
export function packetUptime(timestamp: number | undefined, bodyAt: number | null): number | undefined {
  if (timestamp === undefined || bodyAt === null) return undefined;
  const age = elapsed(timestamp, bodyAt);
  return age > CLOCK_PERIOD / 2 ? undefined : bodyAt - age;
}

/**
 * Number since boot, from 1, of the first of the `fresh` packets that end a body. A board says how many batches it has made
 * in all but a cut body. There, nothing has left the board since the last body it got an answer to, unless its buffer ran
 * over; an answer has been lost when the body brings packets again.
 */
export function firstBatchNumber(state: BoardState, body: UploadBody, fresh: number): number | undefined {
  if (body.batchesSinceBoot !== undefined) return body.batchesSinceBoot - fresh + 1;
  if (!body.cut || body.announced === undefined || body.announced >= BOARD_BATCHES) return undefined;
  if (state.batches === null) return state.taken.length === 0 ? 1 : undefined;
  return state.batches + 1 + (fresh < body.packets.length ? 0 : state.cutOff);
}

/** The state as it is before batch `number`, and how many batches before that one are now known to be lost. */
export function reachBatch(state: BoardState, number: number | undefined): { state: BoardState; missing: number } {
  if (number === 1) return { state: { ...state, encoder: freshEncoder(state.encoder.habits) }, missing: 0 };
  const follows = number === undefined ? state.taken.length > 0 && state.cutOff === 0 : state.batches === number - 1;
  if (follows) return { state, missing: 0 };
  const known = number === undefined || state.batches === null ? 0 : number - 1 - state.batches - state.cutOff;
  return { state: loseBase(state), missing: Math.max(0, known) };
}

/** The state behind a batch that is missing: what follows was told as differences from it. */
export function loseBase(state: BoardState): BoardState {
  return { ...state, encoder: forget(state.encoder), chain: state.chain && { ...state.chain, broken: true } };
}

/** The state behind a body whose `fresh` packets begin with batch `number` and that lost `cutOff` behind them. */
export function leaveBody(state: BoardState, number: number | undefined, fresh: number, cutOff: number): BoardState {
  if (fresh === 0) return { ...state, cutOff: Math.max(state.cutOff, cutOff) };
  return { ...state, batches: number === undefined ? null : number + fresh - 1, cutOff };
}
