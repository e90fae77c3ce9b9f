import type { StoredCommand } from "../../gateway/store/command_row.ts";
import type { Effect } from "./faulty_inverter.ts";

/** What the operator asked for, beside what the gateway knows of it. */
export interface Wish {
  readonly id: string;
  /** What it writes, different for each; `undefined`: it reads. */
  readonly value: number | undefined;
  readonly priority: number;
  readonly notBefore: boolean;
  /** In simulated time. */
  readonly expiresAt: number;
}

/** Everything there is to know of a schedule when it is over. */
export interface Ending {
  /** In the order of queueing. */
  readonly wishes: readonly Wish[];
  readonly commands: readonly StoredCommand[];
  /** In the order in which they happened. */
  readonly effects: readonly Effect[];
  /** Until when the last hand-out that the node heard let it act, in simulated time. */
  readonly promised: ReadonlyMap<string, number>;
  readonly gatewayJumped: boolean;
  /** Whether the gateway lost what happened between a backup and the loss of its disk. */
  readonly restored: boolean;
  /** Whether every command has ended and every report has arrived. */
  readonly over: boolean;
}

/** What is wrong with a schedule; nothing when all is well. */
export function judge(ending: Ending): readonly string[] {
  const stuck = ending.over ? [] : [`stuck: ${ending.commands.map(({ life }) => life.state)}`];
  const known = new Map(ending.commands.map((command) => [command.commandId, command]));
  const each = ending.wishes.flatMap((wish) => judgeOne(wish, known.get(wish.id), ending));
  return [...stuck, ...each, ...(ending.restored ? [] : judgeOrder(ending))];
}

function judgeOne(wish: Wish, command: StoredCommand | undefined, ending: Ending): readonly string[] {
  if (!command && !ending.restored) return ["a queued command is gone"];
  if (wish.value === undefined) return [];
  const wrong: string[] = [];
  const effects = ending.effects.filter(({ value }) => value === wish.value);
  const state = command?.life.state;
  if (effects.length > 1) wrong.push(`${effects.length} effects of one command`);
  if (state === "completed" && effects.length === 0) wrong.push("completed without an effect");
  if (!ending.restored && (state === "expired" || state === "cancelled") && effects.length > 0) {
    wrong.push(`${state}, but with an effect`);
  }
  for (const { at } of effects) {
    if (at >= (ending.promised.get(wish.id) ?? Infinity)) wrong.push("an effect after the promised expiry");
    if (!ending.gatewayJumped && at >= wish.expiresAt) wrong.push(`an effect ${at - wish.expiresAt} ms after expiry`);
  }
  return wrong;
}

/** First in, first out within a priority; what was to wait takes its turn from then. */
function judgeOrder({ wishes, effects }: Ending): readonly string[] {
  const plain = new Map(wishes.filter(({ notBefore }) => !notBefore).map((wish) => [wish.value, wish]));
  const last = new Map<number, number>();
  const wrong: string[] = [];
  for (const { value } of effects) {
    const wish = plain.get(value);
    if (!wish) continue;
    const turn = wishes.indexOf(wish);
    if (turn < (last.get(wish.priority) ?? -1)) {
      wrong.push(`an earlier command of priority ${wish.priority} came later`);
    }
    last.set(wish.priority, turn);
  }
  return wrong;
}
