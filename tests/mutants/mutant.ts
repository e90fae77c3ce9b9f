/** One change that makes the product worse on purpose. */
export interface Mutant {
  /** From the root of the checkout. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** What it takes away from whoever uses the product. */
  readonly breaks: string;
  /** Files or folders of tests that have to notice. */
  readonly tests: readonly string[];
  /** Why no test can notice, of those that are known to stay unnoticed. */
  readonly unnoticed?: string;
}

type Edit = Omit<Mutant, "file" | "tests">;

/** Edits of one file, noticed by the same tests. */
export function mutantsOf(file: string, tests: readonly string[], edits: readonly Edit[]): readonly Mutant[] {
  return edits.map((edit) => ({ ...edit, file, tests }));
}

/** The text of the file with the edit in it. Throws when the old text does not stand in it exactly once. */
export function mutated(text: string, { file, from, to, breaks }: Mutant): string {
  const found = text.split(from).length - 1;
  if (found !== 1) throw new Error(`${file}: "${breaks}" is stale, its old text is found ${found} times: ${from}`);
  if (from === to) throw new Error(`${file}: "${breaks}" changes nothing`);
  return text.replace(from, () => to);
}
