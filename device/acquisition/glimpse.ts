import { lookup } from "../../protocol/profile/lookup.ts";
import { physical } from "../../protocol/profile/physical.ts";
import type { Poll } from "../inverter/poll.ts";

/** What one poll says of how an inverter is doing. `at`: unix milliseconds. */
export type Glimpse =
  | {
    readonly kind: "seen";
    readonly at: number;
    /** AC power, W. */
    readonly power?: number;
    /** SunSpec's operating state (models 101 to 113, point St). */
    readonly status?: number;
  }
  /** `line`: the way to the inverter is gone, not only its answer. */
  | { readonly kind: "silent"; readonly at: number; readonly message: string; readonly line: boolean };

/** Reads it from a poll; nothing is asked for besides. */
export function glimpseOf(poll: Poll): Glimpse {
  const { at } = poll;
  if (poll.kind === "nothing") {
    return { kind: "silent", at, message: poll.fault.message, line: poll.fault.kind === "line" };
  }
  const power = valueOf(poll, poll.profile.power), status = statusOf(poll);
  return { kind: "seen", at, ...(power === undefined ? {} : { power }), ...(status === undefined ? {} : { status }) };
}

/** In the numbers of models 101 to 113, where other models begin to count elsewhere. */
function statusOf(poll: Extract<Poll, { kind: "read" }>): number | undefined {
  const status = valueOf(poll, poll.profile.status);
  return status === undefined ? undefined : status + (poll.profile.statusShift ?? 0);
}

function valueOf(
  { profile, columns, values }: Extract<Poll, { kind: "read" }>,
  name: string | undefined,
): number | undefined {
  const register = name === undefined ? undefined : lookup(profile, name);
  const rawOf = (column: string) => values[columns.indexOf(column)];
  return register && physical(register, rawOf(register.name), rawOf);
}
