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
  const others = db.prepare("PRAGMA data_version");
  const own = db.prepare("SELECT total_changes() AS changes");
  const othersNow = () => Number(others.get()?.["data_version"]);
  const versions = () => ({ others: othersNow(), own: own.get()?.["changes"] });
  const listeners = new Set<ChangeListener>();
  let seen = versions();
  let noticed = 0;
  let looking: AbortController | undefined;

  const look = () => {
    const before = seen;
    seen = versions();
    const byOthers = seen.others !== before.others;
    if (byOthers) noticed++;
    if (byOthers || seen.own !== before.own) { for (const listener of [...listeners]) tell(listener, byOthers); }
  };
  const tell = (listener: ChangeListener, byOthers: boolean) => {
    try {
      listener.changed({ byOthers });
    } catch (error) {
      listeners.delete(listener);
      listener.failed(error);
    }
  };
  const keepLooking = async (mine: AbortController) => {
    try {
      while (!mine.signal.aborted) {
        look();
        await clock.sleep(LOOK_MS, mine.signal);
      }
    } catch (error) {
      const told = [...listeners];
      listeners.clear();
      looking = undefined;
      for (const listener of told) listener.failed(error);
    }
  };
  // What arrives together meets one version: asking costs as much as a write.
  let version: number | undefined;
  const forget = () => void (version = undefined);
  const ask = () => {
    setImmediate(forget);
    return version = othersNow();
  };
  return {
    version: () => version ?? ask(),
    noticed: () => noticed,
    listen(listener) {
      listeners.add(listener);
      if (!looking) void keepLooking(looking = new AbortController());
      return {
        [Symbol.dispose]() {
          listeners.delete(listener);
          if (listeners.size > 0) return;
          looking?.abort();
          looking = undefined;
        },
      };
    },
  };
}
