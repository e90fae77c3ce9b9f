import { rawFromWords } from "../../protocol/profile/raw.ts";
import type { Encoding } from "../../protocol/profile/register.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Bus } from "../modbus/bus.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import { type BlockReading, readBlock } from "./block_search.ts";
import {
  dueForRetry,
  emptyQuarantine,
  type Finding,
  forgetOldCuts,
  nextQuarantine,
  obstaclesOf,
  type Quarantine,
  rememberedQuarantine,
} from "./quarantine.ts";
import type { LeftOut } from "./left_out.ts";
import { type Block, blockOf, lineCost, planReads, type Span } from "./read_plan.ts";
import { Silences } from "./silences.ts";
import { type RegisterKey, registerKey } from "./register_reader.ts";

/** Refused registers asked again in one poll: a poll after a reconnect stays short. */
const RETRIES_A_POLL = 4;

/** In place of an exception code: the register does not answer at all, while others do. */
export const NO_ANSWER = 0;

/** A block with the words it was answered with. */
export interface Part {
  readonly block: Block;
  readonly words: readonly number[];
}

/** What one pass over all spans brought. */
export interface Pass {
  readonly parts: readonly Part[];
  /** Unix milliseconds of the first answer. */
  readonly answeredAt?: number;
  /** The first thing that went wrong besides refusals; what was not answered is missing in `parts`. */
  readonly fault?: BusFault;
}

/** Reads spans in the cheapest blocks and learns, from what the inverter refuses, how to read them without loss. */
export interface BlockReader {
  read(spans: readonly Span[], signal?: AbortSignal): Promise<Pass>;
  quarantine(): Quarantine;
  /** Asks anew, soon, for what was refused. */
  relearn(): void;
}

/** How blocks are read. */
export interface BlockReaderOptions {
  readonly unit: number;
  /** Most words the inverter takes in one read. */
  readonly maxRead: number;
  /** What was learned before a restart; without it nothing is known. */
  readonly leftOut?: LeftOut;
}

/** A reader for one unit. */
export function createBlockReader(
  { unit, maxRead, leftOut }: BlockReaderOptions,
  io: { readonly bus: Pick<Bus, "read" | "state" | "timing">; readonly clock: Clock },
): BlockReader {
  let quarantine = leftOut ? rememberedQuarantine(leftOut, io.clock.monotonic()) : emptyQuarantine;
  const silences = new Silences();
  let session: number | undefined;
  let plan: { spans: readonly Span[]; learned: Quarantine; blocks: readonly Block[] } | undefined;

  const learn = (finding: Finding) => quarantine = nextQuarantine(quarantine, finding, io.clock.monotonic());

  /** What was learned before the unit went away is only a guess when it is back. */
  function notice(): void {
    const current = io.bus.state(unit).session;
    if (session !== undefined && session !== current && !silences.explains(io.clock.monotonic())) {
      learn({ kind: "reconnected" });
      silences.forget();
    }
    if (session !== undefined) session = current;
    quarantine = forgetOldCuts(quarantine, io.clock.monotonic());
  }

  function blocksFor(spans: readonly Span[]): readonly Block[] {
    if (plan?.spans !== spans || plan.learned !== quarantine) {
      const obstacles = obstaclesOf(quarantine);
      const wanted = spans.filter((span) => !obstacles.holes.has(keyOf(span)));
      plan = { spans, learned: quarantine, blocks: planReads(wanted, lineCost(io.bus.timing), obstacles, maxRead) };
    }
    const due = new Set(dueForRetry(quarantine, io.clock.monotonic(), RETRIES_A_POLL));
    const retries = spans.filter((span) => due.has(keyOf(span))).map((span) => blockOf([span]));
    return [...silences.order(plan.blocks), ...retries];
  }

  function learnFrom({ answered, refused, cuts }: BlockReading<Span>): void {
    if (quarantine.refused.size > 0) {
      for (const span of answered.flatMap((part) => part.block.spans)) {
        learn({ kind: "answered", register: keyOf(span) });
      }
    }
    for (const { span, code } of refused) learn({ kind: "refused", register: keyOf(span), code });
    for (const before of cuts) learn({ kind: "cut", before });
  }

  /** What is not answered, while others are, is left out like what is refused. */
  function blame(block: Block, alive: boolean): void {
    const middle = block.spans[block.spans.length >> 1];
    if (!middle) return;
    const register = keyOf(middle);
    const now = io.clock.monotonic();
    const advice = silences.silent(block, { alive, known: quarantine.refused.has(register), now });
    if (advice === "split") learn({ kind: "cut", before: register });
    if (advice === "leave out") learn({ kind: "refused", register, code: NO_ANSWER });
  }

  async function read(spans: readonly Span[], signal?: AbortSignal): Promise<Pass> {
    notice();
    const parts: Part[] = [];
    let answeredAt: number | undefined;
    const ask = async (block: Block): Promise<BusOutcome<readonly number[]>> => {
      const outcome = await io.bus.read(unit, block.table, block.address, block.count, signal ? { signal } : {});
      if (outcome.ok) answeredAt ??= io.clock.now();
      return outcome;
    };
    let fault: BusFault | undefined;
    for (const block of blocksFor(spans)) {
      const reading = await readBlock(block, ask);
      parts.push(...reading.answered);
      learnFrom(reading);
      fault ??= reading.fault;
      if (reading.fault?.kind === "timeout") blame(block, answeredAt !== undefined);
      else if (!reading.fault) silences.answered(block);
      if (reading.fault && endsPass(reading.fault)) break;
    }
    if (answeredAt !== undefined) session ??= io.bus.state(unit).session;
    return { parts, ...(answeredAt === undefined ? {} : { answeredAt }), ...(fault ? { fault } : {}) };
  }

  return { read, quarantine: () => quarantine, relearn: () => void learn({ kind: "reconnected" }) };
}

/** Whether to leave the unit alone until the next pass. One that answers, if with trouble, is asked for the rest. */
function endsPass(fault: BusFault): boolean {
  switch (fault.kind) {
    case "timeout":
    case "offline":
    case "line":
    case "aborted":
      return true;
    case "exception":
      // Gateway path unavailable, target did not respond: the inverter behind the gateway is gone.
      return fault.code === 10 || fault.code === 11;
    case "crc":
    case "foreign":
    case "refused":
      return false;
    default:
      return fault satisfies never;
  }
}

function keyOf(span: Span): RegisterKey {
  return registerKey(span.table, span.address);
}

/** The raw integer at a register, where a part of the pass holds it. */
export function rawAt(
  pass: Pass,
  table: "holding" | "input",
  address: number,
  encoding: Encoding,
): number | undefined {
  for (const { block, words } of pass.parts) {
    const offset = address - block.address;
    if (block.table === table && offset >= 0 && offset < words.length) return rawFromWords(encoding, words, offset);
  }
  return undefined;
}
