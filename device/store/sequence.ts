import type { DatabaseSync } from "node:sqlite";
import { transaction } from "../../platform/sqlite.ts";
import { HIGHEST_SEQUENCE } from "../../protocol/sequence_number.ts";

/** Nobody gets here by counting: a gateway that names a number beyond has none left for this key. */
const LONGEST_LEAP = HIGHEST_SEQUENCE / 2;

/** Numbers reserved at a time: at most so many are skipped by a restart, and one write in so many requests. */
const RESERVATION = 1000;

/**
 * The numbers of signed requests (contract/1-link §2.2): 1, 2, 3 …, none used twice whatever happens. Numbers are
 * reserved on disk before they are used, so a restart skips what is left of the reservation.
 */
export class Sequence {
  readonly #db: DatabaseSync;
  #next: number;
  #reserved: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#reserved = Number(db.prepare("SELECT reserved_sequence AS n FROM state").get()?.["n"] ?? 0);
    this.#next = this.#reserved + 1;
  }

  /** The next number. Throws when the disk does not take a reservation that is needed. */
  take(): number {
    if (this.#next > this.#reserved) this.#reserve(this.#next + RESERVATION - 1);
    return this.#next++;
  }

  /** Goes on from `next`, which the gateway named in an authentic refusal. Never goes back; false when it does not move. */
  advanceTo(next: number): boolean {
    if (!Number.isSafeInteger(next) || next > LONGEST_LEAP || next <= this.#next) return false;
    if (next > this.#reserved) this.#reserve(next + RESERVATION - 1);
    this.#next = next;
    return true;
  }

  /**
   * Reserves within a transaction that is open anyway, when half of the numbers are used. The returned function makes
   * it count: call it after the commit, and only then.
   */
  topUp(): (() => void) | undefined {
    if (this.#reserved - this.#next >= RESERVATION / 2) return undefined;
    const reserved = Math.max(this.#reserved, this.#next - 1) + RESERVATION;
    this.#write(reserved);
    return () => {
      this.#reserved = Math.max(this.#reserved, reserved);
    };
  }

  #reserve(upTo: number): void {
    transaction(this.#db, () => this.#write(upTo));
    this.#reserved = upTo;
  }

  #write(upTo: number): void {
    this.#db.prepare("UPDATE state SET reserved_sequence = max(reserved_sequence, ?)").run(upTo);
  }
}
