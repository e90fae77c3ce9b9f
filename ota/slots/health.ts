/** What the new image has done since it was started. */
export interface Health {
  /** An inverter answered. */
  readonly polled: boolean;
  /** The gateway answered a signed request, provably. */
  readonly reached: boolean;
  /** The store took what was written to it. */
  readonly stored: boolean;
}

/** What a new image is judged by. */
interface Expectation {
  /** Whether inverters answered the image before. */
  readonly invertersAnswered: boolean;
  /** Milliseconds that it has to have run. */
  readonly soakMs: number;
}

/** What may be missing, in words for people. */
export type Lack =
  | "no inverter answered"
  | "the gateway was not reached"
  | "nothing was stored"
  | "it has not run long enough";

/**
 * What is missing before a new image that ran for `upMs` may be confirmed; nothing: confirm it.
 *
 * @example
 * ```ts
 * const health = { polled: false, reached: true, stored: true };
 * missing(health, 120_000, { invertersAnswered: true, soakMs: 60_000 }); // => ["no inverter answered"]
 * missing(health, 120_000, { invertersAnswered: false, soakMs: 60_000 }); // => []
 * ```
 */
export function missing(health: Health, upMs: number, expected: Expectation): readonly Lack[] {
  const lacks: readonly (readonly [boolean, Lack])[] = [
    [!health.polled && expected.invertersAnswered, "no inverter answered"],
    [!health.reached, "the gateway was not reached"],
    [!health.stored, "nothing was stored"],
    [upMs < expected.soakMs, "it has not run long enough"],
  ];
  return lacks.flatMap(([isMissing, lack]) => isMissing ? [lack] : []);
}
