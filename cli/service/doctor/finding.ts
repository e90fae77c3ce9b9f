import type { Logger } from "@logtape/logtape";
import type { StatusAnswer } from "../../../device/local_service/wire.ts";
import type { Clock } from "../../../platform/clock.ts";
import type { Random } from "../../../platform/random.ts";
import type { ConfigFile } from "../config/config_file.ts";
import type { RunProgram } from "../install/system.ts";

/** What one check found. `mend`: the command, or the step, that mends it. */
export type Finding =
  | { readonly check: string; readonly level: "pass"; readonly message: string }
  | { readonly check: string; readonly level: "warn" | "fail"; readonly message: string; readonly mend: string };

/** The node of this box, as far as it can be asked. */
export type NodeState =
  | { readonly kind: "running"; readonly status: StatusAnswer }
  | { readonly kind: "stopped" }
  /** Something runs that does not answer, or this user may not ask it. */
  | { readonly kind: "silent"; readonly why: string };

/** What is examined, and with what. */
export interface Patient {
  readonly configPath: string;
  /** `undefined` when it cannot be used; `configFault` says why. */
  readonly file: ConfigFile | undefined;
  readonly configFault: string | undefined;
  readonly dataDir: string;
  readonly node: NodeState;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: typeof fetch;
  readonly run: RunProgram;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** One check: looks, changes nothing, and never takes longer than a few seconds. What it throws is a finding as well. */
export type Check = (patient: Patient) => Promise<readonly Finding[]>;

/** All is well. */
export function pass(check: string, message: string): Finding {
  return { check, level: "pass", message };
}

/** It works, but not as it should. */
export function warn(check: string, message: string, mend: string): Finding {
  return { check, level: "warn", message, mend };
}

/** It does not work. */
export function fail(check: string, message: string, mend: string): Finding {
  return { check, level: "fail", message, mend };
}

/** What an error says to people. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
