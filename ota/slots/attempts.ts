import { COUNT, MOST_STARTS } from "./trial.ts";

/** How a start of an image on trial ended. */
export type TrialFailure =
  /** There was none so far. */
  | { readonly code: "none" }
  | { readonly code: "not_confirmed"; readonly windowS: number }
  /** Nothing fed the watchdog. */
  | { readonly code: "hung" }
  | { readonly code: "signal"; readonly signal: number }
  | { readonly code: "exit"; readonly status: number }
  | { readonly code: "not_a_program" }
  /** Its SHA-256 is not what was put into the slot. */
  | { readonly code: "changed" }
  /** The words of a boot guard of another version. */
  | { readonly code: "recorded"; readonly text: string };

/** What the boot guard counted. */
interface Attempts {
  readonly image: string;
  readonly failures: number;
  readonly starts: number;
  readonly last: TrialFailure;
}

/** Why an image was given up. */
export type GivenUp =
  /** What the boot guard counted is of another image, or cannot be read. */
  | { readonly code: "uncounted" }
  /** Power cycles are no failures, but bounded. */
  | { readonly code: "too_many_starts"; readonly starts: number }
  | { readonly code: "failures"; readonly failures: number; readonly last: TrialFailure };

const ATTEMPTS = new RegExp(`^([^ \n]+) ${COUNT} ${COUNT} ?([^\n]*)\n`);

/**
 * Reads what the boot guard wrote; `undefined` for anything else.
 *
 * @example
 * ```ts
 * const last = { code: "exit", status: 1 } as const;
 * parseAttempts("1f2e 1 2 exit 1\n"); // => { image: "1f2e", failures: 1, starts: 2, last }
 * ```
 */
export function parseAttempts(text: string): Attempts | undefined {
  const [, image, failures, starts, words] = ATTEMPTS.exec(text) ?? [];
  if (image === undefined) return undefined;
  return { image, failures: Number(failures), starts: Number(starts), last: failureOf(words ?? "none") };
}

/** The boot guard's words (packaging/boot-guard). */
function failureOf(text: string): TrialFailure {
  const [, words, number] = /^(not confirmed in|signal|exit) ([0-9]{1,5})(?: s)?$/.exec(text) ?? [];
  const known = FIXED.find((failure) => failureText(failure) === text) ?? counted(words, Number(number));
  return known !== undefined && failureText(known) === text ? known : { code: "recorded", text };
}

const FIXED: readonly TrialFailure[] = [{ code: "none" }, { code: "hung" }, { code: "not_a_program" }, {
  code: "changed",
}];

function counted(words: string | undefined, number: number): TrialFailure | undefined {
  switch (words) {
    case "not confirmed in":
      return { code: "not_confirmed", windowS: number };
    case "signal":
      return { code: "signal", signal: number };
    case "exit":
      return { code: "exit", status: number };
    default:
      return undefined;
  }
}

/**
 * A failure as the boot guard writes it down and people read it.
 *
 * @example
 * ```ts
 * failureText({ code: "not_confirmed", windowS: 600 }); // => "not confirmed in 600 s"
 * ```
 */
export function failureText(failure: TrialFailure): string {
  switch (failure.code) {
    case "none":
      return "none";
    case "not_confirmed":
      return `not confirmed in ${failure.windowS} s`;
    case "hung":
      return "hung, and fed the watchdog no more";
    case "signal":
      return `signal ${failure.signal}`;
    case "exit":
      return `exit ${failure.status}`;
    case "not_a_program":
      return "not a program for this machine";
    case "changed":
      return "its SHA-256 is another";
    case "recorded":
      return failure.text;
    default:
      return failure satisfies never;
  }
}

/**
 * Why an image was given up, for reports and people.
 *
 * @example
 * ```ts
 * const last = { code: "exit", status: 1 } as const;
 * givenUpText({ code: "failures", failures: 3, last }); // => "3 failures, the last: exit 1"
 * ```
 */
export function givenUpText(reason: GivenUp): string {
  switch (reason.code) {
    case "uncounted":
      return "the boot guard could not count its starts";
    case "too_many_starts":
      return `not confirmed in ${reason.starts} starts (most: ${MOST_STARTS})`;
    case "failures":
      return `${reason.failures} failures, the last: ${failureText(reason.last)}`.slice(0, 500);
    default:
      return reason satisfies never;
  }
}
