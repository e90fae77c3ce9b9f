import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Auth,
  desire,
  handedOut,
  pendingKeys,
  pendingValues,
  reportedOn,
  stateOf,
} from "../../../gateway/settings/twin.ts";
import { emptyTwin, Twin } from "../../../gateway/store/port/twin.ts";
import type { ReportUpdate } from "../../../protocol/settings/report.ts";
import type { SettingsValues } from "../../../protocol/settings/settings.ts";

const set = (twin: Twin, values: SettingsValues, auth: Auth = "signed") => desire(twin, values, auth, 1) ?? twin;
const told = (twin: Twin, ...lines: readonly ReportUpdate[]) =>
  lines.reduce((twin, line) => reportedOn(twin, line, "signed", 2), twin);
const boardTold = (twin: Twin, ...lines: readonly ReportUpdate[]) =>
  lines.reduce((twin, line) => reportedOn(twin, line, "legacy", 2), twin);
const poll = (status: ReportUpdate["status"], change: Partial<ReportUpdate> = {}): ReportUpdate => ({
  parameter: "poll_frequency",
  status,
  ...change,
});

Deno.test("a node's value is pending, accepted, applied, and then in force", () => {
  let twin = set(emptyTwin(), { poll_interval_s: 5 });
  assert.equal(twin.version, 1);
  assert.deepEqual(pendingKeys(twin, "signed"), ["poll_interval_s"]);
  assert.equal(pendingValues(twin).poll, 5);
  twin = told(handedOut(twin), poll("accepted", { version: 1, value: 5 }));
  assert.equal(pendingValues(twin).poll, undefined, "it is not told again");
  assert.equal(stateOf(twin, "signed"), "pending", "but it is not in force");
  twin = told(twin, poll("applied", { version: 1 }));
  assert.equal(stateOf(twin, "signed"), "in_sync");
  assert.deepEqual(twin.reported, { poll_interval_s: 5 });
  assert.equal(twin.reportedVersion, 1);
});

Deno.test("lines that come twice or late change nothing", () => {
  const applied = told(
    handedOut(set(emptyTwin(), { poll_interval_s: 5 })),
    poll("accepted", { version: 1 }),
    poll("applied", { version: 1 }),
  );
  for (const status of ["accepted", "applied"] as const) {
    assert.equal(told(applied, poll(status, { version: 1 })), applied, status);
  }
  const reverted = told(applied, poll("reverted", { version: 1, value: 2, error: "test: no contact" }));
  assert.equal(stateOf(reverted, "signed"), "reverted");
  assert.deepEqual(reverted.reported, { poll_interval_s: 2 });
  assert.equal(told(reverted, poll("applied", { version: 1 })), reverted);
});

Deno.test("what was refused stays refused, whatever is heard late", () => {
  const accepted = told(handedOut(set(emptyTwin(), { poll_interval_s: 5 })), poll("accepted", { version: 1 }));
  const rejected = told(accepted, poll("rejected", { version: 1, error: "test: the inverter has no such register" }));
  assert.equal(stateOf(rejected, "signed"), "rejected");
  for (const status of ["accepted", "applied"] as const) {
    assert.equal(stateOf(told(rejected, poll(status, { version: 1 })), "signed"), "rejected", status);
  }
});

Deno.test("a report on a version whose value was replaced does not settle the new value", () => {
  const second = handedOut(set(handedOut(set(emptyTwin(), { poll_interval_s: 5 })), { poll_interval_s: 7 }));
  const after = told(second, poll("accepted", { version: 1 }), poll("applied", { version: 1, value: 5 }));
  assert.equal(pendingValues(after).poll, 7);
  assert.deepEqual(after.reported, { poll_interval_s: 5 });
  const unchanged = set(handedOut(set(emptyTwin(), { poll_interval_s: 5 })), {
    poll_interval_s: 5,
    registers: ["Pac"],
  });
  assert.deepEqual(pendingKeys(told(unchanged, poll("applied", { version: 1 })), "signed"), ["registers"]);
});

Deno.test("a value that is left to the device again is told to a node, and ends at a board", () => {
  const node = set(emptyTwin(), { poll_interval_s: 5 });
  const left = set(node, {});
  assert.deepEqual([left.version, pendingValues(left).other], [2, true]);
  assert.equal(stateOf(told(left, poll("applied", { version: 2, value: 2 })), "signed"), "in_sync");
  const board = set(set(emptyTwin(), { poll_interval_s: 5 }, "legacy"), {}, "legacy");
  assert.deepEqual([board.version, stateOf(board, "legacy")], [2, "in_sync"]);
});

Deno.test("a board is believed about what it was told last", () => {
  const first = set(emptyTwin(), { poll_interval_s: 5 }, "legacy");
  assert.equal(pendingValues(boardTold(first, poll("accepted", { value: 5 }))).poll, 5, "it was not told yet");
  const accepted = boardTold(handedOut(first), poll("accepted", { value: 5, unit: "seconds" }));
  assert.equal(stateOf(accepted, "legacy"), "in_sync");
  assert.deepEqual(accepted.reported, { poll_interval_s: 5 });
  const second = set(handedOut(first), { poll_interval_s: 7 }, "legacy");
  for (const line of [poll("accepted", { value: 5 }), poll("rejected", { error: "NVS save failed" })]) {
    assert.equal(pendingValues(boardTold(second, line)).poll, 7, "an answer to the value before");
  }
  assert.equal(pendingValues(boardTold(handedOut(second), poll("accepted", { value: 5 }))).poll, 7);
  assert.equal(
    stateOf(boardTold(handedOut(second), poll("rejected", { error: "NVS save failed" })), "legacy"),
    "rejected",
  );
});

Deno.test("the same settings again are no new version, unless they were refused or taken back", () => {
  const twin = set(emptyTwin(), { poll_interval_s: 5 });
  assert.equal(desire(twin, { poll_interval_s: 5 }, "signed", 3), undefined);
  for (const status of ["rejected", "reverted"] as const) {
    const failed = told(handedOut(twin), poll(status, { version: 1 }));
    assert.equal(desire(failed, { poll_interval_s: 5 }, "signed", 3)?.version, 2);
  }
});

const values = fc.record({
  poll_interval_s: fc.integer({ min: 1, max: 3 }),
  upload_interval_s: fc.integer({ min: 10, max: 12 }),
  registers: fc.constantFrom<string[]>(["Pac"], ["Pac", "Vac1"]),
}, { requiredKeys: [] });
const step = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), values }),
  fc.record({ kind: fc.constant("check" as const) }),
  fc.record({ kind: fc.constant("answer lost" as const) }),
  fc.record({ kind: fc.constant("report" as const), again: fc.boolean() }),
  fc.record({ kind: fc.constant("reboot" as const) }),
);

Deno.test("whatever is lost, repeated or set meanwhile, a node ends with the settings that were set last", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let twin = emptyTwin();
      const node: { version: number; values: SettingsValues; lines: ReportUpdate[] } = {
        version: 0,
        values: {},
        lines: [],
      };
      const check = (arrives: boolean) => {
        const settings = { version: twin.version, values: twin.desired, waits: pendingValues(twin) };
        const { poll, upload, registers, other } = settings.waits;
        const changed = poll !== undefined || upload !== undefined || registers !== undefined || other === true;
        if (changed) twin = handedOut(twin);
        if (!arrives || (settings.version === node.version && !changed)) return;
        node.version = settings.version;
        node.values = settings.values;
        for (const parameter of ["poll_frequency", "upload_frequency", "register_list"] as const) {
          node.lines.push(
            { parameter, status: "accepted", version: node.version },
            { parameter, status: "applied", version: node.version },
          );
        }
      };
      const report = (again: boolean) => {
        twin = told(twin, ...node.lines);
        if (!again) node.lines = [];
      };
      for (const one of steps) {
        if (one.kind === "set") twin = set(twin, one.values);
        else if (one.kind === "check") check(true);
        else if (one.kind === "answer lost") check(false);
        else if (one.kind === "report") report(one.again);
        else twin = Twin.parse(JSON.parse(JSON.stringify(twin)));
      }
      check(true);
      report(false);
      assert.deepEqual(node.values, twin.desired);
      assert.equal(stateOf(twin, "signed"), "in_sync");
    }),
    { numRuns: 500 },
  );
});
