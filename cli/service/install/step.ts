/** How a step stands. */
export interface Look {
  readonly done: boolean;
  /** Something to know about it, for people. */
  readonly note?: string;
}

/** One thing that an installation has, or lacks, when it is done. */
export interface Step {
  /** What that is, for people. */
  readonly what: string;
  /** Whether it is as it should be. Changes nothing. */
  look(): Promise<Look>;
  perform(): Promise<void>;
}

/** What became of a step. */
export interface Taken {
  readonly what: string;
  readonly outcome: "unchanged" | "done" | "would do";
  readonly note?: string;
}

/** Takes the steps that are not done yet, in order; a dry run only says which those are. */
export async function takeAll(
  steps: readonly Step[],
  { dryRun, report }: { readonly dryRun: boolean; readonly report: (taken: Taken) => void },
): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  for (const step of steps) {
    const { done, ...note } = await step.look();
    if (!done && !dryRun) await step.perform();
    const one: Taken = { what: step.what, outcome: done ? "unchanged" : dryRun ? "would do" : "done", ...note };
    taken.push(one);
    report(one);
  }
  return taken;
}
