import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../../platform/clock.ts";
import { transaction } from "../../platform/sqlite.ts";
import { RateLimitedLog } from "../../platform/rate_limited_log.ts";
import { fitsBlock } from "../../protocol/block/block.ts";
import type { OutboxHealth } from "../../protocol/messages/node_health.ts";
import type { Sample } from "../../protocol/sample.ts";
import {
  type BlockTable,
  type BlockTotals,
  createBlockTable,
  type OutboxState,
  type StoredBlock,
} from "./block_table.ts";
import { DiskHealth } from "./disk_health.ts";
import type { OutboxStatus } from "./outbox_status.ts";
import { OpenSamples, type SeriesKey } from "./open_series.ts";
import { EARLIEST_MS, movesOf } from "./lost_times.ts";
import { redated, SEAL_SAMPLES } from "./seal.ts";
import { type Sealed, writeSeal } from "./sealing.ts";
import { WriteAheadLog } from "./write_ahead_log.ts";

/** Open samples of a series kept in memory while the disk takes none; older ones are dropped and counted. */
const MAX_OPEN_SAMPLES = 10_000;
/** Acknowledged blocks that may wait for the next transaction to be removed. */
const MAX_DONE = 1024;

/** What the outbox stands on. */
export interface OutboxIo {
  readonly db: DatabaseSync;
  /** Path of the tail file. A folder in memory spares the flash (docs/decisions/036). */
  readonly tailPath: string;
  /** Most bytes of blocks; the oldest are dropped beyond. */
  readonly limitBytes: number;
  /**
   * No block gets a number below: pass the unix milliseconds of the start. So a node with a new or an old disk does not
   * use again a number that the gateway has seen.
   */
  readonly firstBlock: number;
  /** The first block of this start of the machine, when a run before was in it: that one's samples are dated anew, too. */
  readonly firstToDate?: number;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Logger;
  /** What others write in the same transaction (Sequence.topUp); what it returns is called after the commit. */
  readonly alongside?: () => (() => void) | undefined;
}

/** Bounds of one look into the outbox. */
export interface Portion {
  readonly maxBlocks: number;
  /** What part of the room in a request, 0 to 1, a block takes. */
  readonly share: (block: StoredBlock) => number;
  /** Profiles whose blocks are passed over. */
  readonly held?: ReadonlySet<string>;
}

/**
 * Samples on their way to the gateway. `append` puts them into the tail file, `seal` into compressed blocks in the
 * database; the gateway's acknowledgement removes a block. Every sample is in exactly one of the three, also after a kill
 * at any moment: a seal moves to the next generation, and a tail of another generation is void.
 */
export class Outbox implements Disposable {
  readonly #io: OutboxIo;
  readonly #table: BlockTable;
  readonly #open = new OpenSamples();
  readonly #tail: WriteAheadLog;
  #state: OutboxState;
  #totals: BlockTotals;
  /** The first block of this run. */
  readonly #firstOfRun: number;
  /** The first block of this start of the machine: what came before was dated by a clock that is not known any more. */
  readonly firstToDate: number;
  /** How many samples, the first of a block, are of an earlier start; of the blocks of this one. */
  readonly #restored = new Map<number, number>();
  /** Blocks that are done and not removed yet: undefined for acknowledged, a reason for refused. */
  readonly #done = new Map<number, string | undefined>();
  #lost = 0;
  readonly #disk: DiskHealth;
  readonly #full: RateLimitedLog;

  constructor(io: OutboxIo) {
    this.#io = io;
    this.#disk = new DiskHealth(io.log, io.clock);
    this.#full = new RateLimitedLog(io.log, io.clock);
    this.#table = createBlockTable(io.db);
    const state = this.#table.state();
    this.#state = { ...state, nextBlock: Math.max(state.nextBlock, io.firstBlock) };
    this.#totals = this.#table.totals();
    const { tail, records } = WriteAheadLog.open(io.tailPath, this.#state.generation);
    this.#tail = tail;
    this.#open.restore(records, { ours: io.firstToDate !== undefined });
    this.#firstOfRun = this.#state.nextBlock;
    if (io.firstToDate === undefined && this.#open.earliest() < EARLIEST_MS) this.seal(); // apart from what comes
    this.firstToDate = io.firstToDate ?? this.#state.nextBlock;
  }

  /** Takes a sample in. When it returns, a killed process does not lose it. Never throws: polling goes on whatever happens. */
  append(key: SeriesKey, sample: Sample): void {
    if (!fitsBlock(sample, key.registers.length)) return this.#unfit(key, sample);
    const { records, length } = this.#open.add(key, sample);
    const refusal = this.#tail.append(records);
    if (refusal) this.#disk.refused(refusal);
    if (length > MAX_OPEN_SAMPLES && this.#open.dropOldest(key)) this.#lost++;
    else if (length % SEAL_SAMPLES === 0) this.seal(); // without waiting for its time
  }

  /**
   * One transaction: open samples become blocks, what is done is removed, the oldest beyond the limit are dropped. Nothing
   * to do writes nothing. False when the disk refused; everything stays as it was, for the next time.
   */
  seal(): boolean {
    if (this.#open.count === 0 && this.#done.size === 0) return true;
    try {
      const { after, ...sealed } = transaction(
        this.#io.db,
        () => ({ ...this.#write(), after: this.#io.alongside?.() }),
      );
      after?.();
      this.#sealed(sealed);
      return true;
    } catch (error) {
      this.#disk.refused(error);
      return false;
    }
  }

  /**
   * Dates anew what was taken in during this start of the machine and is still here: the clock was wrong by so many
   * milliseconds. `alongside` is written with it; false when the disk refused. Never throws: polling goes on whatever happens.
   */
  redate(ms: number, alongside: () => void = () => {}): boolean {
    this.seal(); // what is in the tail has its old times
    this.#open.move(ms);
    return this.#replace(() => {
      const ours = ms === 0 ? [] : [...this.#table.unsent((id) => id < this.firstToDate || this.#done.has(id))];
      return ours.map((block) => redated(block, ms, this.#restored.get(block.id)));
    }, alongside);
  }

  /** Dates what earlier starts of the machine left without a time, the last of it at `end`; gives how many samples that are. */
  dateLost(end: number): number {
    const unsent = this.#table.unsent((id) => id >= this.firstToDate || this.#done.has(id));
    const lost = [...unsent].filter(({ endMs }) => endMs < EARLIEST_MS);
    const moves = movesOf(lost, end);
    const dated = this.#replace(() => lost.map((block) => redated(block, moves.get(block.id) ?? 0)));
    return dated ? lost.reduce((sum, { count }) => sum + count, 0) : 0;
  }

  #replace(blocksOf: () => readonly StoredBlock[], alongside: () => void = () => {}): boolean {
    try {
      const blocks = blocksOf();
      this.#totals = transaction(this.#io.db, () => {
        for (const block of blocks) this.#table.replace(block);
        alongside();
        return this.#table.totals();
      });
      return true;
    } catch (error) {
      this.#disk.refused(error);
      return false;
    }
  }

  /** The oldest blocks to send, at least one if there is any. */
  peek({ maxBlocks, share, held }: Portion): readonly StoredBlock[] {
    const portion: StoredBlock[] = [];
    let taken = 0;
    for (const block of this.#table.unsent((id) => this.#done.has(id))) {
      if (held?.has(block.profile)) continue;
      taken += share(block);
      if (portion.length > 0 && taken > 1) break;
      portion.push(block);
      if (portion.length >= maxBlocks) break;
    }
    return portion;
  }

  /**
   * The gateway has these blocks. They are removed with the next seal; until then they are only not sent again. Those that
   * were dropped while they were on their way are gone already.
   */
  acknowledge(ids: readonly number[]): void {
    for (const id of ids) if (this.#table.has(id)) this.#done.set(id, undefined);
    if (this.#done.size >= MAX_DONE) this.seal();
  }

  /** The number of the next block that is sealed. */
  get nextBlock(): number {
    return this.#state.nextBlock;
  }

  /** The numbers of the blocks of this run that the gateway has yet to take: only this run can have sent them. */
  ofThisRun(): readonly number[] {
    return [...this.#table.unsent((id) => id < this.#firstOfRun || this.#done.has(id))].map(({ id }) => id);
  }

  /** Gives blocks of this run other numbers, from `next` on or later: the gateway has others under theirs. */
  numberAnew(ids: readonly number[], next: number): void {
    let nextBlock = Math.max(this.#state.nextBlock, next);
    transaction(this.#io.db, () => {
      for (const id of ids) {
        if (!this.#table.renumber(id, nextBlock)) continue;
        const restored = this.#restored.get(id);
        if (restored !== undefined) this.#restored.set(nextBlock, restored);
        nextBlock++;
      }
      this.#table.setState({ ...this.#state, nextBlock });
    });
    this.#state = { ...this.#state, nextBlock };
  }

  /** The gateway will not have this block: it is kept, out of the way of the others, until its room is needed. */
  setAside(id: number, reason: string): void {
    if (this.#table.has(id)) this.#done.set(id, reason);
  }

  status(): OutboxStatus {
    const { droppedBlocks, droppedSamples } = this.#state;
    return {
      ...this.#totals,
      waiting: this.#totals.blocks - this.#totals.refused - this.#done.size,
      openSamples: this.#open.count,
      droppedBlocks,
      droppedSamples: droppedSamples + this.#lost,
      ...this.#disk.status(),
    };
  }

  /** The time of the oldest sample in a block that the gateway has yet to take, unix milliseconds. */
  oldestAt(): number | undefined {
    for (const { startMs } of this.#table.unsent((id) => this.#done.has(id))) return startMs;
    return undefined;
  }

  /** As the gateway is told. */
  health(): OutboxHealth {
    const { waiting, droppedSamples: dropped } = this.status();
    const oldest_ms = this.oldestAt();
    return { waiting, dropped, ...(oldest_ms === undefined ? {} : { oldest_ms }) };
  }

  /**
   * Closes the tail file; seals first, so that the tail may be lost. What cannot be sealed is left in the tail file, also what
   * the disk has refused so far: it may take writes again, and the next run begins with it.
   */
  [Symbol.dispose](): void {
    if (!this.seal()) this.#leaveInTail();
    this.#tail[Symbol.dispose]();
  }

  #leaveInTail(): void {
    if (!this.#tail.gaveUp) return void this.#tail.append([]);
    this.#tail.restart(this.#state.generation);
    this.#tail.append(this.#open.records());
  }

  #write(): Sealed {
    return writeSeal(this.#table, {
      state: this.#state,
      totals: this.#totals,
      open: this.#open.filled(),
      done: this.#done,
      lost: this.#lost,
      limitBytes: this.#io.limitBytes,
    });
  }

  #sealed({ state, totals, restored }: Sealed): void {
    if (state.droppedSamples > this.#state.droppedSamples) {
      const samples = state.droppedSamples - this.#state.droppedSamples;
      this.#full.happened("outbox full: oldest samples dropped {samples}", { samples });
    } else {
      this.#full.ended("outbox drops no more samples");
    }
    this.#disk.took();
    for (const [id, count] of restored) this.#restored.set(id, count);
    this.#state = state;
    this.#totals = totals;
    this.#lost = 0;
    this.#done.clear();
    this.#open.clear();
    this.#tail.restart(state.generation);
  }

  /** Only a fault of the program makes such a sample; it must not keep the others from being sealed. */
  #unfit({ inverter }: SeriesKey, { at, values }: Sample): void {
    this.#lost++;
    this.#io.log.error("sample of {inverter} dropped: no block can hold it", { inverter, at, values });
  }
}
