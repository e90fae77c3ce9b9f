import { type Outcome, refusal, success } from "../../protocol/outcome.ts";
import type { Quality, Sample } from "../../protocol/sample.ts";
import { decodeBoardBase64 } from "./base64.ts";
import type { BoardState } from "./board_state.ts";
import { BOARD_BATCHES, enterBoot, firstBatchNumber, leaveBody, loseBase, packetUptime, reachBatch } from "./boot.ts";
import { follow, type Mend } from "./chain.ts";
import { remember } from "./encoder_memory.ts";
import { decodeFrame, type Format } from "./frame.ts";
import { followPolls, sampleTimes } from "./poll_times.ts";
import type { FrameFault } from "./raw.ts";
import { type Reading, readingOf, sliceReading, worst } from "./reading.ts";
import { columnNames, COLUMNS, DEFAULT_LAYOUT } from "./registers.ts";
import type { Packet, UploadBody } from "./upload_body.ts";

/** Which batch this is: stored once per device, boot and time. */
interface BatchKey {
  /** Counts the boots of the board, from 1. */
  readonly boot: number;
  /** Board's clock at the end of the batch, in ms since that boot; its wraps at 2^32 are counted. */
  readonly uptimeMs: number;
}

/** Consecutive samples out of one item of an upload. */
interface Batch {
  /** Position of the item in the body, from 0. */
  readonly item: number;
  /** `undefined` when the sender gave no time. */
  readonly key: BatchKey | undefined;
  /** How it was encoded; `values`: as plain numbers. */
  readonly format: Format | "values";
  /** Register names of the `ecowatt` profile, one a column. */
  readonly registers: readonly string[];
  /** Oldest first; times are unix ms by the gateway's clock. */
  readonly samples: readonly Sample[];
  /** What each value is worth, shaped as the samples. */
  readonly qualities: readonly (readonly Quality[])[];
  /** What the worst value is worth. */
  readonly quality: Quality;
  /** What it shows to be wrong with those before it. */
  readonly mend?: Mend;
}

/** Why an item gives no samples. */
type ItemFault = FrameFault | "no_content" | "base64" | "value";

/** An item that gives no samples: for the quarantine. */
interface Undecodable {
  readonly item: number;
  readonly key: BatchKey | undefined;
  readonly fault: ItemFault;
  readonly detail: string;
  /** The item as it came, cut at 4096 characters. */
  readonly source: string;
}

/** What an upload holds. */
export interface DecodedUpload {
  /** Items in the body that are complete. */
  readonly items: number;
  readonly batches: readonly Batch[];
  readonly undecodable: readonly Undecodable[];
  /** Items that had been taken from an earlier body. */
  readonly duplicates: number;
  /** Batches that will never come: cut off the body, or overwritten on the board before it got through. */
  readonly lost: number;
}

/**
 * Reads an upload of a board that `state` is remembered of. Returns what it holds and what to remember from now on:
 * store both together, and only for a body whose HMAC was verified. `arrival` is unix ms. Never fails: what cannot be
 * read is in `undecodable`.
 */
export function decodeUpload(
  state: BoardState,
  body: UploadBody,
  arrival: number,
): { readonly state: BoardState; readonly upload: DecodedUpload } {
  const entered = enterBoot(state, body, arrival);
  const items = body.packets.map((packet, item) => ({
    packet,
    item,
    at: packetUptime(packet.timestamp, entered.bodyAt),
  }));
  const fresh = items.filter(({ at }, i) => at === undefined || !(isTaken(entered, at) || isTwice(items, i)));
  const cutOff = body.cut ? Math.max(0, (body.announced ?? 0) - items.length) : 0;
  const number = firstBatchNumber(entered, body, fresh.length);
  const start = fresh.length === 0 ? { state: entered, missing: 0 } : reachBatch(entered, number);
  const end = decodeItems(start.state, fresh, arrival);
  const cutBefore = fresh.length < items.length ? entered.cutOff : 0;
  return {
    state: leaveBody(end.state, number, fresh.length, cutOff),
    upload: {
      items: items.length,
      batches: end.batches,
      undecodable: end.undecodable,
      duplicates: items.length - fresh.length,
      lost: start.missing + Math.max(0, cutOff - cutBefore),
    },
  };
}

interface Item {
  readonly packet: Packet;
  readonly item: number;
  readonly at: number | undefined;
}

/** A board sends forward only: what is not newer than the newest taken was taken. */
function isTaken(state: BoardState, at: number): boolean {
  return at <= (state.taken.at(-1) ?? -Infinity);
}

/** Whether an item before it has the same time. */
function isTwice(items: readonly Item[], index: number): boolean {
  return items.findIndex(({ at }) => at === items[index]?.at) < index;
}

interface Progress {
  state: BoardState;
  readonly batches: Batch[];
  readonly undecodable: Undecodable[];
}

function decodeItems(state: BoardState, items: readonly Item[], arrival: number): Progress {
  const progress: Progress = { state, batches: [], undecodable: [] };
  for (const [i, item] of items.entries()) decodeItem(progress, item, arrival, items.length - 1 - i);
  return progress;
}

/** Decodes one item; `behind` more follow it. */
function decodeItem(progress: Progress, { packet, item, at }: Item, arrival: number, behind: number): void {
  const { state } = progress;
  const key = at === undefined ? undefined : { boot: state.boot, uptimeMs: at };
  const layout = packet.layout ?? DEFAULT_LAYOUT;
  const polled = followPolls(state, at);
  const taken = at === undefined ? state.taken : withTaken(state, at);
  const content = readContent(packet, state);
  if (!content.ok) {
    const { fault, detail } = content;
    progress.undecodable.push({ item, key, fault, detail, source: sourceText(packet.source) });
    progress.state = { ...loseBase(polled), taken };
    return;
  }
  const { format, reading, ids, chained = false, powerMoves = false } = content.value;
  const end = at === undefined ? arrival - behind * 5 * polled.pollMs : arrival - ((state.bodyAt ?? at) - at);
  const times = sampleTimes(polled, end, reading.values.length / COLUMNS);
  const columns = ids ?? reading.values.map((_, i) => layout[i % COLUMNS] ?? 0);
  const isUsual = columns.every((id, position) => id === DEFAULT_LAYOUT[position % COLUMNS]);
  const { chain, doubtful, mend } = isUsual
    ? follow(state.chain, { reading, times, chained, powerMoves })
    : { chain: null, doubtful: false };
  const stored = doubtful ? { ...reading, qualities: reading.qualities.map(doubted) } : reading;
  const rows = toRows(stored);
  progress.batches.push({
    item,
    key,
    format,
    registers: columnNames(ids?.slice(0, COLUMNS) ?? layout),
    samples: rows.map((row, i) => ({ at: times[i] ?? end, values: row.values })),
    qualities: rows.map((row) => row.qualities),
    quality: worst(stored.qualities),
    ...(mend === undefined ? {} : { mend }),
  });
  progress.state = { ...polled, taken, encoder: remember(state.encoder, reading, columns), chain };
}

/** What a value of a chain is worth that has gone on for too long. */
function doubted(quality: Quality): Quality {
  return quality === "exact" ? quality : "provisional";
}

function withTaken({ taken }: BoardState, at: number): BoardState["taken"] {
  return [...taken, at].sort((a, b) => a - b).slice(-BOARD_BATCHES);
}

/** An item as text. What nests too deep to be written out is not kept. */
function sourceText(source: unknown): string {
  try {
    return (typeof source === "string" ? source : JSON.stringify(source) ?? "").slice(0, 4096);
  } catch {
    return "";
  }
}

interface Content {
  readonly format: Format | "values";
  readonly reading: Reading;
  readonly ids?: readonly number[];
  readonly chained?: boolean;
  readonly powerMoves?: boolean;
}

function readContent(packet: Packet, state: BoardState): Outcome<Content, ItemFault> {
  const { content, frameBytes } = packet;
  if (content === undefined) return refusal("no_content", "the item has neither a Base64 text nor an array of numbers");
  const decoded = typeof content === "string" ? readFrame(content, frameBytes, state) : readNumbers(content);
  if (decoded.ok && decoded.value.reading.values.length % COLUMNS !== 0) {
    return refusal("field", `${decoded.value.reading.values.length} values are not whole samples of ${COLUMNS}`);
  }
  return decoded;
}

function readFrame(text: string, frameBytes: number | undefined, state: BoardState): Outcome<Content, ItemFault> {
  if (text.length > MOST_BASE64) {
    return refusal("length", `${text.length} characters, frames have at most ${MOST_BASE64}`);
  }
  const bytes = decodeBoardBase64(text);
  if (!bytes.ok) return refusal("base64", bytes.detail);
  const filler = bytes.value.length - (frameBytes ?? bytes.value.length);
  const frame = filler > 0 && filler <= 2 ? bytes.value.subarray(0, frameBytes) : bytes.value;
  return decodeFrame(frame, state.encoder);
}

/** The longest frame any format can have, with room: a board prints at most 252 characters. */
const MOST_BASE64 = 1400;

/** Most values of an item of plain numbers: a hundred samples. */
const MOST_NUMBERS = 600;

/** Plain register values: whole samples of six; what is left over at the end is not a sample. */
function readNumbers(numbers: readonly unknown[]): Outcome<Content, ItemFault> {
  if (numbers.length > MOST_NUMBERS) {
    return refusal("length", `${numbers.length} values, at most ${MOST_NUMBERS} are taken`);
  }
  const values = numbers.filter((value): value is number => Number.isInteger(value));
  if (values.length < numbers.length || values.some((value) => value < 0 || value > 0xffff)) {
    return refusal("value", "register values are whole numbers from 0 to 65535");
  }
  const whole = values.length - values.length % COLUMNS;
  if (whole === 0) return refusal("length", `${values.length} values, a sample has ${COLUMNS}`);
  return success({ format: "values", reading: readingOf(values.slice(0, whole), "exact") });
}

function toRows(reading: Reading): readonly Reading[] {
  const rows = Array.from({ length: reading.values.length / COLUMNS }, (_, row) => row * COLUMNS);
  return rows.map((start) => sliceReading(reading, start, start + COLUMNS));
}
