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

/** What may be missing. */
export type Lack = "no_inverter_answered" | "gateway_not_reached" | "nothing_stored" | "not_run_long_enough";

/**
 * What is missing before a new image that ran for `upMs` may be confirmed; nothing: confirm it.
 *
 * @example
 * ```ts
 * const health = { polled: false, reached: true, stored: true };
 * missing(health, 120_000, { invertersAnswered: true, soakMs: 60_000 }); // => ["no_inverter_answered"]
 * missing(health, 120_000, { invertersAnswered: false, soakMs: 60_000 }); // => []
 * ```
 */
export function missing(health: Health, upMs: number, expected: Expectation): readonly Lack[] {
  const lacks: readonly (readonly [boolean, Lack])[] = [
    [!health.polled && expected.invertersAnswered, "no_inverter_answered"],
    [!health.reached, "gateway_not_reached"],
    [!health.stored, "nothing_stored"],
    [upMs < expected.soakMs, "not_run_long_enough"],
  ];
  return lacks.flatMap(([isMissing, lack]) => isMissing ? [lack] : []);
}

const TEXTS: Readonly<Record<Lack, string>> = {
  no_inverter_answered: "no inverter answered",
  gateway_not_reached: "the gateway was not reached",
  nothing_stored: "nothing was stored",
  not_run_long_enough: "it has not run long enough",
};

/**
 * What is missing, for people and for the image of another version that may have to judge.
 *
 * @example
 * ```ts
 * lackText("nothing_stored"); // => "nothing was stored"
 * ```
 */
export function lackText(lack: Lack): string {
  return TEXTS[lack];
}
