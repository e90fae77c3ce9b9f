import { rawFromWords } from "../../protocol/profile/raw.ts";
import type { Register } from "../../protocol/profile/register.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Bus, RequestOptions } from "../modbus/bus.ts";
import { type BusFault, busFault, type BusOutcome } from "../modbus/fault.ts";
import { type BlockReading, mayRefuseRegisters, readBlock } from "./block_search.ts";
import { DoubtfulBlocks } from "./doubtful_blocks.ts";
import { type Learned, nothingLearned } from "./map_memory.ts";
import {
  dueForRetry,
  type Finding,
  forgetOldCuts,
  nextQuarantine,
  obstaclesOf,
  type Quarantine,
  rememberedQuarantine,
} from "./quarantine.ts";
import { type Block, blockOf, lineCost, planReads, type Span } from "./read_plan.ts";
import { type AskBlock, isSilence, searchSilent } from "./silent_search.ts";
import { Silences } from "./silences.ts";
import { readTable, type RegisterKey, registerKey } from "./register_reader.ts";

/** Refused registers asked again in vain in one poll: a poll stays short, and who answers again is read whole at once. */
const RETRIES_A_POLL = 4;

/** In place of an exception code: the register does not answer at all, while others do. */
const NO_ANSWER = 0;

/** A block with the words it was answered with. */
interface Part {
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

/** What blocks are read through. */
interface BlockReaderIo {
  readonly bus: Pick<Bus, "name" | "read" | "readBits" | "state" | "timing">;
  readonly clock: Clock;
}

/** How blocks are read. */
interface BlockReaderOptions {
  readonly unit: number;
  /** Most words the inverter takes in one read. */
  readonly maxRead: number;
  /** Addresses before which reads must end, as the profile says. */
  readonly cuts?: ReadonlySet<RegisterKey>;
  /** What was learned before a restart; without it nothing is known. */
  readonly learned?: Learned;
}

/** A reader for one unit. */
export function createBlockReader(options: BlockReaderOptions, io: BlockReaderIo): BlockReader {
  return new LearningReader(options, io);
}

/** Blocks that were planned, and from what: they stay good until that changes. */
interface Plan {
  readonly spans: readonly Span[];
  readonly learned: Quarantine;
  readonly blocks: readonly Block[];
}

class LearningReader implements BlockReader {
  readonly #unit: number;
  readonly #maxRead: number;
  readonly #cuts: ReadonlySet<RegisterKey>;
  readonly #io: BlockReaderIo;
  readonly #silences = new Silences();
  readonly #doubts = new DoubtfulBlocks();
  #quarantine: Quarantine;
  #session: number | undefined;
  #plan: Plan | undefined;

  constructor({ unit, maxRead, cuts = new Set(), learned = nothingLearned }: BlockReaderOptions, io: BlockReaderIo) {
    this.#unit = unit;
    this.#maxRead = maxRead;
    this.#cuts = cuts;
    this.#io = io;
    this.#quarantine = rememberedQuarantine(learned, io.clock.monotonic());
  }

  async read(spans: readonly Span[], signal?: AbortSignal): Promise<Pass> {
    this.#notice();
    const parts: Part[] = [];
    let answeredAt: number | undefined;
    let alive = false;
    let insisted = false;
    let fault: BusFault | undefined;
    const ask = async (block: Block, options: RequestOptions = {}): Promise<BusOutcome<readonly number[]>> => {
      const outcome = await this.#ask(block, { ...options, ...(signal ? { signal } : {}) });
      if (outcome.ok) answeredAt ??= this.#io.clock.now();
      alive ||= outcome.ok || mayRefuseRegisters(outcome.fault);
      return outcome;
    };
    let inVain = 0;
    for (const { block, again } of this.#blocksFor(spans)) {
      if (again && inVain === RETRIES_A_POLL) break;
      const search = alive && this.#silences.suspects(block);
      let reading = again
        ? await readBlock(block, ask, mayRefuseRegisters)
        : await (search ? searchSilent(block, ask, this.#refusal(NO_ANSWER)) : this.#readBlock(block, ask));
      if (!again && !search && alive && !insisted && reading.fault && isSilence(reading.fault)) {
        insisted = true; // it has just answered: what it was asked then may have been lost
        reading = await this.#readBlock(block, (part) => ask(part, { insist: true }));
      }
      parts.push(...reading.answered);
      fault ??= reading.fault;
      this.#learnFrom(block, reading, alive);
      if (again && reading.answered.length === 0) inVain++;
      if (reading.fault && endsPass(reading.fault)) break;
    }
    if (answeredAt !== undefined) this.#session ??= this.#io.bus.state(this.#unit).session;
    return { parts, ...(answeredAt === undefined ? {} : { answeredAt }), ...(fault ? { fault } : {}) };
  }

  quarantine(): Quarantine {
    return this.#quarantine;
  }

  relearn(): void {
    this.#learn({ kind: "reconnected" });
  }

  /** What one register may be the cause of is looked into, when it does not end by itself. */
  async #readBlock(block: Block, ask: AskBlock): Promise<BlockReading<Span>> {
    if (!this.#doubts.has(block)) return await this.#readAgain(block, ask);
    if (!this.#doubts.searches(block)) return await readBlock(block, ask);
    const reading = await readBlock(block, ask, mayRefuseRegisters);
    const [first] = reading.refused;
    if (reading.answered.length > 0 || first === undefined) return reading;
    return {
      answered: [],
      refused: [],
      cuts: [],
      fault: this.#refusal(first.code),
    };
  }

  /** A device that fails for once, with what it gave before, is asked once more. */
  async #readAgain(block: Block, ask: AskBlock): Promise<BlockReading<Span>> {
    const reading = await readBlock(block, ask);
    return reading.fault && mayRefuseRegisters(reading.fault) ? await readBlock(block, ask) : reading;
  }

  #refusal(code: number): BusFault {
    return busFault.exception(this.#io.bus.name, this.#unit, code);
  }

  #ask(block: Block, options: RequestOptions): Promise<BusOutcome<readonly number[]>> {
    return readTable(this.#io.bus, this.#unit, block, options);
  }

  #learn(finding: Finding): void {
    this.#quarantine = nextQuarantine(this.#quarantine, finding, this.#now());
  }

  /** What was learned before the unit went away is only a guess when it is back. */
  #notice(): void {
    const current = this.#io.bus.state(this.#unit).session;
    if (this.#session !== undefined && this.#session !== current && !this.#silences.explains(this.#now())) {
      this.#learn({ kind: "reconnected" });
      this.#silences.forget();
    }
    if (this.#session !== undefined) this.#session = current;
    this.#quarantine = forgetOldCuts(this.#quarantine, this.#now());
  }

  /** What to read; `again`: a register that is left out, whose time has come. */
  #blocksFor(spans: readonly Span[]): readonly { readonly block: Block; readonly again: boolean }[] {
    if (this.#plan?.spans !== spans || this.#plan.learned !== this.#quarantine) this.#plan = this.#planned(spans);
    const due = dueForRetry(this.#quarantine, this.#now())
      .flatMap((register) => spans.find((span) => keyOf(span) === register) ?? []);
    return [
      ...this.#silences.order(this.#plan.blocks).map((block) => ({ block, again: false })),
      ...due.map((span) => ({ block: blockOf([span]), again: true })),
    ];
  }

  #planned(spans: readonly Span[]): Plan {
    const obstacles = obstaclesOf(this.#quarantine);
    const wanted = spans.filter((span) => !obstacles.holes.has(keyOf(span)));
    const { holes } = obstacles;
    const cuts = this.#cuts.size === 0 ? obstacles.cuts : obstacles.cuts.union(this.#cuts);
    const blocks = planReads(wanted, lineCost(this.#io.bus.timing), { holes, cuts }, this.#maxRead);
    return { spans, learned: this.#quarantine, blocks };
  }

  /** `alive`: the unit answered something in this pass. */
  #learnFrom(block: Block, { answered, refused, cuts, fault }: BlockReading<Span>, alive: boolean): void {
    // Once all have answered and none is refused, there is nothing to note.
    if (this.#quarantine.refused.size > 0 || this.#quarantine.known.size < (this.#plan?.spans.length ?? 0)) {
      for (const span of answered.flatMap((part) => part.block.spans)) {
        this.#learn({ kind: "answered", register: keyOf(span) });
      }
    }
    for (const { span, code } of refused) this.#learn({ kind: "refused", register: keyOf(span), code });
    for (const before of cuts) this.#learn({ kind: "cut", before });
    if (fault && isSilence(fault)) this.#blame(block, alive);
    if (fault && mayRefuseRegisters(fault)) this.#doubts.refused(block);
    if (fault) return;
    this.#silences.answered(block);
    this.#doubts.answered(block);
  }

  /** What is not answered, while others are, is left out like what is refused. */
  #blame(block: Block, alive: boolean): void {
    const middle = block.spans[block.spans.length >> 1];
    if (!middle) return;
    const register = keyOf(middle);
    const known = this.#quarantine.refused.has(register);
    const advice = this.#silences.silent(block, { alive, known, now: this.#now() });
    if (advice === "split") this.#learn({ kind: "cut", before: register });
    if (advice === "leave out") this.#learn({ kind: "refused", register, code: NO_ANSWER });
  }

  #now(): number {
    return this.#io.clock.monotonic();
  }
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

/** The raw integer of a register, where a part of the pass holds it. */
export function rawAt(
  pass: Pass,
  register: Pick<Register, "table" | "address" | "encoding" | "lowFirst" | "swapped">,
): number | undefined {
  const { table, address, encoding } = register;
  for (const { block, words } of pass.parts) {
    const offset = address - block.address;
    if (block.table === table && offset >= 0 && offset < words.length) {
      return rawFromWords(encoding, words, offset, register);
    }
  }
  return undefined;
}
