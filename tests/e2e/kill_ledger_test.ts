import assert from "node:assert/strict";
import { auditCommands, auditSamples, type CommandsToAudit } from "./kill_ledger.ts";

const point = (count: number) => ({ time_ms: count, values: { Vpv1: 0, Pac: count } });

Deno.test("the ledger of kills notices what is lost or stored twice, and lets go what died with the node", () => {
  const audit = (counts: readonly number[], unheard: readonly number[] = [], ends = unheard.length) =>
    auditSamples(counts.map(point), 4, { unheard, ends });
  assert.deepEqual(audit([0, 1, 2, 3, 4]), { answered: 4, stored: 4, inFlight: 0, lost: 0, doubled: 0 });
  assert.equal(audit([0, 1, 3], [2]).inFlight, 1);
  assert.throws(() => audit([0, 1, 3], [1, 3]), /lost/);
  assert.throws(() => audit([0, 3], [1, 2], 1), /lost/);
  assert.throws(() => audit([0, 1, 1, 2, 3]), /stored twice/);
});

const DONE = { status: "completed", error_message: null } as const;
const INTERRUPTED = {
  status: "failed",
  error_message: "interrupted by a restart of the node; Pow holds 1, not 2",
} as const;
const AWAY = { status: "executing", error_message: null } as const;
const BAIT = 0;

type End = typeof DONE | typeof INTERRUPTED | typeof AWAY;

/** Three orders, of 1, 2 and 1 %, each asked for when those before it were written. */
function ordered(ends: readonly [End, End, End], count = 3): CommandsToAudit {
  const orders = [1, 2, 1].map((percent, after) => ({ percent, after, id: String(after) }));
  return {
    orders,
    told: ({ after }) => Promise.resolve({ command_id: String(after), ...ends[after] ?? AWAY }),
    count: () => Promise.resolve(count),
  };
}

Deno.test("the ledger of kills notices a command that ran twice, or whose end is not told, or not true", async (t) => {
  const all = [DONE, DONE, DONE] as const;
  const audited = await auditCommands(ordered([DONE, INTERRUPTED, DONE]), [1, 2, 1], BAIT);
  assert.deepEqual([audited.completed, audited.interrupted, audited.writes], [2, 1, 3]);
  const table: readonly [string, CommandsToAudit, readonly number[], RegExp][] = [
    ["run twice", ordered(all), [1, 1, 2, 1], /executed twice/],
    ["run again long after", ordered([DONE, DONE, INTERRUPTED]), [1, 2, 1, 1], /executed twice/],
    ["told done, and never written", ordered(all), [1, 2], /written 0 times/],
    ["never told", ordered([DONE, AWAY, DONE]), [1, 2, 1], /executing/],
    ["run, and nobody asked for it", ordered(all), [1, 2, 1, 3], /nobody asked/],
    ["taken from the answer to another request", ordered(all), [1, 2, 1, BAIT], /another request/],
    ["queued twice", ordered(all, 4), [1, 2, 1], /queued twice/],
  ];
  for (const [name, commands, written, message] of table) {
    await t.step(name, () => assert.rejects(auditCommands(commands, written, BAIT), message));
  }
});
