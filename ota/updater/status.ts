/** What the updater is at. Times in unix milliseconds. */
export type Phase =
  | { readonly kind: "idle"; readonly nextCheckAt: number }
  | { readonly kind: "checking" }
  | {
    readonly kind: "downloading";
    readonly version: string;
    readonly chunks: number;
    readonly total: number;
    readonly bytes: number;
  }
  | { readonly kind: "verifying"; readonly version: string }
  | { readonly kind: "restarting"; readonly version: string }
  /** `missing`: what has to happen before it is confirmed. */
  | { readonly kind: "on_trial"; readonly version: string; readonly missing: readonly string[] };

/** How updates are doing. */
export interface UpdaterStatus {
  readonly phase: Phase;
  readonly version: string;
  readonly floor: number;
  /** When this process began with it: another one is a restart. */
  readonly startedAt: number;
  /** When the last check that came to an end began, and when it ended. */
  readonly lastCheckBegunAt?: number;
  readonly lastCheckAt?: number;
  /** What the last check or update came to. */
  readonly lastOutcome?: string;
}
