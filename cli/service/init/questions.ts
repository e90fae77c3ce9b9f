import { CliFailure, EXIT } from "../../terminal/exit.ts";

/** Asks a person. `undefined`: there is nobody, or they went away. */
export type Ask = (question: string, standard: string) => string | undefined;

/** On this terminal; without one, nobody is there. */
export const askHere: Ask = (question, standard) => {
  if (!Deno.stdin.isTerminal()) return undefined;
  // A default given to prompt() would have to be deleted before another answer is typed.
  const text = prompt(standard === "" ? question : `${question} [${standard}]`, "")?.trim();
  return text === "" ? standard : text;
};

const FLAGS = "--yes with --role both|node|gateway, --inverter ADDRESS, --device NAME, --data-dir FOLDER, and " +
  "--port PORT for a gateway or --gateway URL and --key-file FILE for a node alone";

/** Whoever was to answer is not there. */
export class NobodyToAsk extends CliFailure {
  constructor() {
    super(EXIT.usage, `Nobody is here to answer. Give ${FLAGS}`);
  }
}

/** An answer; throws `NobodyToAsk`. */
export function answered(ask: Ask, question: string, standard = ""): string {
  const answer = ask(question, standard);
  if (answer !== undefined) return answer;
  throw new NobodyToAsk();
}

/** One of several words; asked again until it is. */
export function chosen<T extends string>(ask: Ask, question: string, words: readonly T[], standard: T): T {
  for (;;) {
    const text = answered(ask, `${question} (${words.join(", ")})`, standard).toLowerCase();
    const word = words.find((one) => one === text);
    if (word !== undefined) return word;
  }
}

/** Yes or no. */
export function agreed(ask: Ask, question: string): boolean {
  return /^y(es)?$/i.test(answered(ask, `${question} (yes, no)`, "no"));
}
