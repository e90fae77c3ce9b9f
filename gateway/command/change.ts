import { isFinished, type Life, type LifeEvent, next, type Terms } from "../../protocol/command/life.ts";
import type { CommandStep } from "../store/command_steps.ts";
import type { Outcome, StoredCommand } from "../store/command_row.ts";
import type { Commands } from "../store/commands.ts";

/** Commands of one device that may wait at a time. */
export const MAX_OPEN = 1_000;

/** A command after a change. */
type Changed = Readonly<StoredCommand>;

/**
 * Takes an event through the state machine and writes what comes of it: life, outcome and step together, inside the
 * transaction of the caller. `undefined`: the event changes nothing, and nothing was written.
 */
export function change(
  commands: Commands,
  command: StoredCommand,
  event: LifeEvent,
  more: { readonly terms?: Terms; readonly outcome?: Outcome; readonly detail?: string } = {},
): Changed | undefined {
  const after = next(command.life, event, { ...command.terms, ...more.terms });
  if (!after.ok || after.value === command.life) return undefined;
  const life = after.value;
  const outcome = more.outcome ?? (isFinished(life) ? { errorMessage: concluded(life, event) } : {});
  commands.save(command, life, outcome);
  if (isFinished(life) && life.handOuts === 0) commands.writes.remove(command);
  const step = stepOf(life, event);
  if (step) commands.steps.add(command, { at: event.at, step, detail: more.detail ?? outcome.errorMessage ?? "" });
  return { ...command, life, ...settled(outcome) };
}

/** Ends what time has ended, of one device or of all; the number of commands. */
export function endOverdue(commands: Commands, now: number, device?: number): number {
  return commands.overdue(now, device).filter((command) => change(commands, command, { kind: "tick", at: now })).length;
}

/** Ends everything that is open for a device which will not ask any more. */
export function endAll(commands: Commands, device: number, at: number, why: string): void {
  const more = { outcome: { errorMessage: why } };
  for (const command of commands.due(device, Number.MAX_SAFE_INTEGER, MAX_OPEN)) {
    change(commands, command, { kind: "cancel", at }, more);
  }
  for (const command of commands.away(device)) change(commands, command, { kind: "supersede", at }, more);
}

/** Why a command that nobody reported has ended. */
function concluded(life: Life, event: LifeEvent): string {
  const untold = isFinished(life) && life.handOuts > 0 ? "; the device had it and did not report" : "";
  if (life.state === "expired") return `expired${untold}`;
  switch (event.kind) {
    case "cancel":
      return `cancelled${untold}`;
    case "supersede":
      return "no report came, and a later command has written the register since";
    case "hand_out":
      return "no report came, however often it was handed out";
    case "report":
    case "renew":
    case "tick":
      return "";
    default:
      return event satisfies never;
  }
}

function stepOf(life: Life, event: LifeEvent): CommandStep["step"] | undefined {
  if (isFinished(life)) return life.state;
  return event.kind === "hand_out" ? "handed_out" : undefined;
}

function settled({ executionMs, result, errorMessage }: Outcome): Pick<
  StoredCommand,
  "executionMs" | "result" | "errorMessage"
> {
  return { executionMs, result, errorMessage };
}
