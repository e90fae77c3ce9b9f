/** Whether a part that runs for long still does its work. What merely fails (a full disk, a silent inverter) is alive. */
export type Liveness = { readonly alive: true } | {
  readonly alive: false;
  /** What stands still, for people. */
  readonly why: string;
};

/** It does its work. */
export const ALIVE: Liveness = { alive: true };

/** It stands still; `why` in words for people. */
export function dead(why: string): Liveness {
  return { alive: false, why };
}
