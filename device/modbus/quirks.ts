import type { Response } from "./pdu.ts";

/**
 * Ways in which devices break the protocol and can still be understood, named as in the configuration:
 * - `ignore_transaction_id`: a Modbus TCP answer does not repeat the transaction id of its request;
 * - `ignore_protocol_id`: a Modbus TCP answer says that it is of another protocol than Modbus, 0;
 * - `ignore_unit_id`: an answer comes from another unit id than was asked;
 * - `ignore_length`: frames are padded, or one of an answer's lengths is wrong.
 */
export const QUIRKS = ["ignore_transaction_id", "ignore_protocol_id", "ignore_unit_id", "ignore_length"] as const;
export type Quirk = typeof QUIRKS[number];

/** What is said of a device in the configuration; what is left out is noticed, where that is safe. */
export type QuirkOptions = { readonly [quirk in Quirk]?: boolean | undefined };

/**
 * What is tolerated on one line. A quirk is noticed when a device shows the same one twice in a row, the second time in
 * its first answer on a new connection, which nothing older can be taken for. Then it stays: a device that answers
 * properly is understood as well.
 */
export class Quirks {
  readonly #options: QuirkOptions;
  readonly #learnable: readonly Quirk[];
  readonly #noticed = new Set<Quirk>();
  #suspected: readonly Quirk[] = [];

  /** `learnable`: what may be noticed without being configured. */
  constructor(options: QuirkOptions, learnable: readonly Quirk[]) {
    this.#options = options;
    this.#learnable = learnable.filter((quirk) => options[quirk] === undefined);
  }

  ignores(quirk: Quirk): boolean {
    return this.#options[quirk] ?? this.#noticed.has(quirk);
  }

  /** Whether an answer that deviates in this way is taken. */
  permits(deviations: readonly Quirk[]): boolean {
    return deviations.every((quirk) => this.ignores(quirk));
  }

  /** Whether nothing at all is tolerated. */
  get strict(): boolean {
    return QUIRKS.every((quirk) => !this.ignores(quirk));
  }

  /** Whether an answer deviated in a way that may be a quirk, and the next one will tell. */
  get suspected(): boolean {
    return this.#suspected.length > 0;
  }

  /** An answer deviated. True when that may be a quirk. */
  suspect(deviations: readonly Quirk[]): boolean {
    const others = deviations.filter((quirk) => !this.ignores(quirk));
    if (others.length === 0 || !others.every((quirk) => this.#learnable.includes(quirk))) return false;
    this.#suspected = others;
    return true;
  }

  /** The next answer deviates: true when in the way that was suspected, which is tolerated from now on. */
  confirm(deviations: readonly Quirk[]): boolean {
    const same = this.suspected && this.#suspected.every((quirk) => deviations.includes(quirk));
    if (!same || !deviations.every((quirk) => this.ignores(quirk) || this.#suspected.includes(quirk))) return false;
    for (const quirk of this.#suspected) this.#noticed.add(quirk);
    this.#suspected = [];
    return true;
  }

  /** An answer was as it should be, in what it shows: an exception has no length that could be wrong. */
  acquit(response: Response): void {
    const shown = (quirk: Quirk) => quirk !== "ignore_length" || response.fc !== "exception";
    if (this.#suspected.some(shown)) this.#suspected = [];
  }

  /** How many were noticed. */
  get count(): number {
    return this.#noticed.size;
  }

  /** What was noticed though the configuration does not say it. */
  noticed(): readonly Quirk[] {
    return QUIRKS.filter((quirk) => this.#noticed.has(quirk));
  }
}

/** For people: what to set for a device whose answers deviate so. */
export function remedyFor(deviations: readonly Quirk[]): string {
  return `if that is how the device always answers, set ${deviations.map((quirk) => `${quirk}: true`).join(" and ")}`;
}
