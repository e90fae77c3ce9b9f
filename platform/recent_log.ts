/** Levels of log entries, the least severe first. */
export const ENTRY_LEVELS = ["trace", "debug", "info", "warning", "error", "fatal"] as const;
type EntryLevel = typeof ENTRY_LEVELS[number];

/** A line of the log, without secrets. */
export interface LogEntry {
  /** Unix milliseconds. */
  readonly at: number;
  readonly level: EntryLevel;
  /** Who says it: `gateway.mqtt`. */
  readonly area: string;
  readonly message: string;
}

/** Which entries are asked for. */
interface LogQuery {
  readonly limit: number;
  /** Not less severe than this. */
  readonly level: EntryLevel;
}

/** The newest entries of this process's log, for those who cannot reach its journal. */
export class RecentLog {
  readonly #entries: LogEntry[] = [];
  readonly #size: number;
  #next = 0;

  /** Keeps `size` entries; the oldest give way. */
  constructor(size = 2_000) {
    this.#size = size;
  }

  add(entry: LogEntry): void {
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** The newest first. */
  latest({ limit, level }: LogQuery): readonly LogEntry[] {
    const severity = ENTRY_LEVELS.indexOf(level);
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)]
      .filter((entry) => ENTRY_LEVELS.indexOf(entry.level) >= severity)
      .reverse()
      .slice(0, limit);
  }
}
