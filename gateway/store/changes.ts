import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import type { Clock } from "../../platform/clock.ts";

/** Hears that something was written. Must not wait for anything. */
interface ChangeListener {
  /** Something changed since the last look. `byOthers`: another process wrote, a command of this machine. */
  changed(change: { readonly byOthers: boolean }): void;
  /** The database did not answer, or `changed` threw. Nothing is told any more; who listens again is told again. */
  failed(error: unknown): void;
}

/** Tells that the database has changed, whoever wrote to it. The one place that asks SQLite, however many listen. */
export interface StoreChanges {
  /** Changes, within a turn of the event loop, when another process may have written: a cache compares it. */
  version(): number;
  /** How often it was noticed so far that another process had written. */
  noticed(): number;
  /** Looks at once and then twice a second, until disposed. */
  listen(listener: ChangeListener): Disposable;
}

/** How often the database is looked at; a command from the command line waits no longer than this. */
const LOOK_MS = 500;

export function createStoreChanges({ db, clock }: { readonly db: DatabaseSync; readonly clock: Clock }): StoreChanges {
  const versions = versionsOf(db);
  const listeners = createListeners();
  let seen = versions.now();
  let noticed = 0;
  let looking: AbortController | undefined;

  const look = () => {
    const before = seen;
    seen = versions.now();
    const byOthers = seen.others !== before.others;
    if (byOthers) noticed++;
    if (byOthers || seen.own !== before.own) listeners.tell(byOthers);
  };
  const keepLooking = async ({ signal }: AbortController) => {
    try {
      while (!signal.aborted) {
        look();
        await clock.sleep(LOOK_MS, signal);
      }
    } catch (error) {
      looking = undefined;
      listeners.fail(error);
    }
  };
  return {
    version: oncePerTurn(versions.others),
    noticed: () => noticed,
    listen(listener) {
      listeners.add(listener);
      if (!looking) void keepLooking(looking = new AbortController());
      return {
        [Symbol.dispose]() {
          if (listeners.remove(listener) > 0) return;
          looking?.abort();
          looking = undefined;
        },
      };
    },
  };
}

/** Numbers that another one follows with every commit: of other connections, and of this one. */
function versionsOf(db: DatabaseSync) {
  const others = db.prepare("PRAGMA data_version");
  const own = db.prepare("SELECT total_changes() AS changes");
  const othersNow = () => Number(others.get()?.["data_version"]);
  return { others: othersNow, now: () => ({ others: othersNow(), own: own.get()?.["changes"] }) };
}

/** What arrives together meets one version: asking costs as much as a write. */
function oncePerTurn(read: () => number): () => number {
  let known: number | undefined;
  const forget = () => void (known = undefined);
  return () => {
    if (known === undefined) setImmediate(forget);
    return known ??= read();
  };
}

/** Who hears of changes; one that throws hears of none any more, but of its error. */
function createListeners() {
  const listeners = new Set<ChangeListener>();
  const tellOne = (listener: ChangeListener, byOthers: boolean) => {
    try {
      listener.changed({ byOthers });
    } catch (error) {
      listeners.delete(listener);
      listener.failed(error);
    }
  };
  return {
    add: (listener: ChangeListener) => void listeners.add(listener),
    /** Gives how many are left. */
    remove: (listener: ChangeListener) => (listeners.delete(listener), listeners.size),
    tell(byOthers: boolean) {
      for (const listener of [...listeners]) tellOne(listener, byOthers);
    },
    /** Tells all for the last time. */
    fail(error: unknown) {
      const told = [...listeners];
      listeners.clear();
      for (const listener of told) listener.failed(error);
    },
  };
}
