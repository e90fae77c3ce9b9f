import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import type { Clock } from "../../platform/clock.ts";
import { Fault } from "../fault.ts";
import { isStorageError, storageFault } from "./storage_error.ts";

/** Works that may wait for a commit before new ones are refused. */
const MAX_WAITING = 4096;

/** Work of one transaction, at least (`run`): with it as much is done as a transaction may take time, tens of milliseconds. */
export const MOST_WORK = 50_000;

/** Turns of the event loop that a commit waits for more works at most. */
const MAX_TURNS = 4;

/** Writes of many requests in one durable transaction. */
export interface GroupCommit extends AsyncDisposable {
  /**
   * Runs synchronous `work` inside a shared transaction and resolves when that is on disk. Work that throws undoes only
   * itself and rejects with its error. Rejects with `Fault` `unavailable` when the disk is full or the database is locked:
   * then nothing of the batch was kept.
   */
  run<T>(work: () => T, options?: WorkOptions): Promise<T>;
  /** As `run`, for work that only reads: its success says nothing of whether the disk takes writes. */
  look<T>(work: () => T): Promise<T>;
  /** Why the disk took nothing of the last batch with writes; `undefined` when it took all. */
  trouble(): Error | undefined;
  /** Commits what waits and refuses what comes later. */
  close(): Promise<void>;
}

interface WorkOptions {
  /**
   * How long it takes, in values that are stored; a transaction that has its fill leaves the rest to the next one, and everything
   * else gets its turn before that.
   */
  readonly weight?: number | undefined;
  /** Called at once, before any other work, when what the work wrote is taken back. Must not throw. */
  readonly undone?: () => void;
}

/** What is known of a work before it is done. */
type Asked = Pick<Job, "weight" | "undone" | "writes">;

/** Told why the disk took nothing of the last batch, or `undefined` when it took all; called when that changes. */
export type StoreWatch = (trouble: Error | undefined) => void;

/** Told how many milliseconds a transaction took, from its begin until it was on disk or lost. */
export type CommitMeter = (ms: number) => void;

interface Job {
  readonly weight: number;
  readonly undone: () => void;
  /** Whether its success tells that the disk takes writes. */
  readonly writes: boolean;
  perform(): void;
  /** Tells the caller; `lost` is why the transaction as a whole failed. */
  settle(lost?: Fault): void;
}

interface GroupCommitOptions {
  readonly watch?: StoreWatch | undefined;
  /** Called before each commit: begins what goes on in other threads while this one waits for the disk. Must not throw. */
  readonly meanwhile?: () => void;
  readonly meter?: { readonly clock: Pick<Clock, "monotonic">; readonly took: CommitMeter } | undefined;
  /** What is known to keep the disk from taking writes. */
  readonly trouble?: Error | undefined;
}

/** Gathers what is asked for within a few turns of the event loop into one `BEGIN IMMEDIATE … COMMIT`. */
export function createGroupCommit(
  db: DatabaseSync,
  { watch = () => {}, meanwhile = () => {}, meter, trouble: known }: GroupCommitOptions = {},
): GroupCommit {
  const { perform, trouble } = committer(db, { watch, meanwhile, known });
  const commit = meter === undefined ? perform : (batch: readonly Job[]) => {
    const began = meter.clock.monotonic();
    perform(batch);
    meter.took(meter.clock.monotonic() - began);
  };
  let waiting: Job[] = [];
  let closed = false;

  const flush = () => {
    const count = fill(waiting);
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    if (waiting.length > 0) setImmediate(flush);
    if (batch.length > 0) commit(batch);
  };
  /** Waits another turn of the event loop as long as the last one brought more: a turn takes microseconds, a commit far longer. */
  const gather = (seen: number, turns: number) => {
    if (waiting.length > seen && turns < MAX_TURNS) setImmediate(gather, waiting.length, turns + 1);
    else flush();
  };
  const close = () => {
    closed = true;
    while (waiting.length > 0) flush();
    return Promise.resolve();
  };
  const add = <T>(work: () => T, asked: Asked) =>
    new Promise<T>((resolve, reject) => {
      if (closed) return reject(new Fault("unavailable", "The gateway is stopping", { retryAfter: 5 }));
      if (waiting.length >= MAX_WAITING) {
        return reject(new Fault("unavailable", "Too many writes are waiting", { retryAfter: 1 }));
      }
      waiting.push(createJob(work, asked, { resolve, reject }));
      if (waiting.length === 1) setImmediate(gather, 0, 0);
    });
  return {
    run: (work, { weight = 0, undone = () => {} } = {}) => add(work, { weight, undone, writes: true }),
    look: (work) => add(work, { weight: 0, undone: () => {}, writes: false }),
    trouble,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** How many of the jobs, in their order, one transaction takes. */
function fill(jobs: readonly Job[]): number {
  let work = 0;
  for (const [index, { weight }] of jobs.entries()) {
    work += weight;
    if (work >= MOST_WORK) return index + 1;
  }
  return jobs.length;
}

function createJob<T>(
  work: () => T,
  asked: Asked,
  { resolve, reject }: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void },
): Job {
  let tell: () => void = () => reject(new Fault("unavailable", "The write was not reached", { retryAfter: 5 }));
  return {
    ...asked,
    perform() {
      try {
        const value = work();
        tell = () => resolve(value);
      } catch (error) {
        const cause = isStorageError(error) ? storageFault(error) : error;
        tell = () => reject(cause);
        throw error;
      }
    },
    settle: (lost) => lost === undefined ? tell() : reject(lost),
  };
}

interface Committer {
  perform(batch: readonly Job[]): void;
  trouble(): Error | undefined;
}

/** Does a job in a savepoint of its own: what it throws undoes it alone. */
function performer(db: DatabaseSync, notice: (error: unknown) => void): (job: Job) => void {
  const save = db.prepare("SAVEPOINT work");
  const release = db.prepare("RELEASE work");
  const undo = db.prepare("ROLLBACK TO work");
  return (job) => {
    save.run();
    try {
      job.perform();
    } catch (error) {
      notice(error);
      // A full disk can end the whole transaction by itself (SQLite, "Automatic rollback"): then all of the batch is lost.
      if (!db.isTransaction) throw error;
      undo.run();
      job.undone();
    }
    release.run();
  };
}

function committer(
  db: DatabaseSync,
  { watch, meanwhile, known: first }: {
    readonly watch: StoreWatch;
    readonly meanwhile: () => void;
    readonly known: Error | undefined;
  },
): Committer {
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  let known = first;
  let trouble: Error | undefined;
  const notice = (error: unknown) => {
    if (error instanceof Error && isStorageError(error)) trouble = error;
  };
  const tell = (batch: readonly Job[]) => {
    if (trouble === undefined && !batch.some(({ writes }) => writes)) return;
    if ((known === undefined) !== (trouble === undefined)) watch(trouble);
    known = trouble;
  };

  const perform = performer(db, notice);
  const performAll = (batch: readonly Job[]) => {
    let lost: Fault | undefined;
    trouble = undefined;
    try {
      begin.run();
      for (const job of batch) perform(job);
      meanwhile();
      commit.run();
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      notice(error);
      lost = storageFault(error);
      for (const job of batch) job.undone();
    }
    tell(batch);
    for (const job of batch) job.settle(lost);
  };
  return { perform: performAll, trouble: () => known };
}
