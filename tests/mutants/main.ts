import { fileURLToPath } from "node:url";
import { copyOfCheckout } from "./copy.ts";
import { EDITS } from "./edits.ts";
import type { Mutant } from "./mutant.ts";
import { type Result, Runner } from "./run.ts";

/**
 * `deno task mutants [name]…`: breaks the product in a copy of the checkout, one edit at a time, and says which edits no test
 * notices. A name is that of a list of edits, or a part of a file's path or of what an edit breaks; without one, all of them.
 * Ends with 1 when too few are noticed, with 2 when an edit could not be tried.
 */
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Of a hundred edits, so many have to be noticed. */
const LEAST = 95;

const say = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

function chosen(names: readonly string[]): readonly Mutant[] {
  const all = Object.values(EDITS).flat();
  if (names.length === 0) return all;
  return all.filter((one) => names.some((name) => EDITS[name]?.includes(one) ?? wordsOf(one).includes(name)));
}

function wordsOf({ file, breaks }: Mutant): string {
  return `${file}: ${breaks}`;
}

function shown({ mutant, killed, reason }: Result): string {
  return `${killed ? "killed  " : "SURVIVED"} ${wordsOf(mutant)} (${reason})`;
}

/** Tries all of them, one after the other, and says what became of each; `undefined`: it could not be tried. */
async function tryAll(mutants: readonly Mutant[]): Promise<readonly (Result | undefined)[]> {
  const results: (Result | undefined)[] = [];
  await using copy = await copyOfCheckout(root);
  const runner = new Runner(copy.path);
  for (const mutant of mutants) {
    const result = await runner.try(mutant).catch((error: unknown) => say(`ERROR    ${wordsOf(mutant)}: ${error}`));
    if (result) say(shown(result));
    results.push(result ?? undefined);
  }
  return results;
}

const mutants = chosen(Deno.args);
if (mutants.length === 0) {
  say(`No edit has such a name; there are ${Object.keys(EDITS).join(", ")}, files, and what edits break`);
  Deno.exit(2);
}
const results = (await tryAll(mutants)).filter((result) => result !== undefined);
const survivors = results.filter(({ killed }) => !killed);
const killed = results.length - survivors.length;
say(`\n${killed} of ${results.length} killed, ${(100 * killed / results.length).toFixed(1)} in 100`);
for (const survivor of survivors) say(shown(survivor));
for (const { mutant, killed } of results) {
  if (killed && mutant.unnoticed !== undefined) say(`noticed, and said not to be: ${wordsOf(mutant)}`);
}
if (results.length < mutants.length) say(`${mutants.length - results.length} could not be tried`);
Deno.exit(results.length < mutants.length ? 2 : 100 * killed >= LEAST * results.length ? 0 : 1);
