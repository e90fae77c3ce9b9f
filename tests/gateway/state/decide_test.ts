import assert from "node:assert/strict";
import { stateReasonText } from "../../../gateway/state/reason_text.ts";
import { decide, type DeviceFacts } from "../../../gateway/state/decide.ts";
import type { InverterHealth, InverterState } from "../../../protocol/messages/node_health.ts";
import { FADING_MS, NEVER_SEEN } from "../../../protocol/night/night.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const NOW = Date.UTC(2026, 5, 21, 12);
const ago = (ms: number) => NOW - ms;

const BOARD: DeviceFacts = {
  registeredAt: ago(1_000 * HOUR),
  contactAt: ago(MIN),
  uploadedAt: ago(MIN),
  unreadAt: undefined,
  health: undefined,
  uploadMs: 15 * MIN,
  sleepingTime: undefined,
  fading: () => NEVER_SEEN,
  listeningSince: ago(500 * HOUR),
};
const UNREAD: DeviceFacts = { ...BOARD, registeredAt: ago(MIN), uploadedAt: undefined, unreadAt: ago(MIN) };
const faded = () => ({ fadedSince: ago(10 * HOUR) - 2 * FADING_MS, lastAt: ago(10 * HOUR) });
const quiet = { contactAt: undefined, uploadedAt: ago(10 * HOUR) };

function inverter(state: InverterState, since = ago(HOUR), name = "roof"): InverterHealth {
  return { inverter: name, state, since_ms: since, reason: `test ${state}` };
}
function node(inverters: readonly InverterHealth[], more: Partial<DeviceFacts> = {}): DeviceFacts {
  return { ...BOARD, health: { upload_interval_s: 30, inverters: [...inverters] }, ...more };
}

const TABLE: readonly (readonly [string, DeviceFacts, string | undefined, RegExp, number?])[] = [
  ["never heard of", { ...BOARD, contactAt: undefined, uploadedAt: undefined }, "stale", /nothing/, 1_000 * HOUR],
  ["a board that uploads", BOARD, "ok", /^samples arrive$/],
  [
    "a new board that uploads nothing that can be read",
    UNREAD,
    "stale",
    /heard of, but no samples could be read$/,
    MIN,
  ],
  ["a new board that was heard of", { ...UNREAD, unreadAt: undefined }, "ok", /first samples are awaited/],
  [
    "a device whose clock is two days ahead",
    { ...BOARD, clockAheadMs: 47 * HOUR },
    "ok",
    /arrive, but its clock is 2 days ahead$/,
  ],
  ["a device whose clock begins in 1970", { ...BOARD, clockAheadMs: -NOW }, "ok", /its clock is 20625 days behind$/],
  ["a node whose clock is an hour behind", node([inverter("ok")], { clockAheadMs: -HOUR }), "ok", /60 minutes behind$/],
  ["a clock that is nearly right", { ...BOARD, clockAheadMs: 4 * MIN }, "ok", /^samples arrive$/],
  ["a board, one upload unread", { ...BOARD, unreadAt: ago(5) }, "ok", /^samples arrived, but/],
  [
    "a board whose uploads cannot be read any more",
    { ...BOARD, uploadedAt: ago(2 * HOUR), unreadAt: ago(MIN) },
    "stale",
    /no samples could be read for 120 minutes/,
    2 * HOUR - 46 * MIN,
  ],
  [
    "the same at night",
    { ...BOARD, uploadedAt: ago(2 * HOUR), unreadAt: ago(MIN), sleepingTime: true },
    "stale",
    /could be read/,
  ],
  [
    "a board that fell silent after an upload that could not be read",
    { ...BOARD, contactAt: undefined, uploadedAt: ago(9 * HOUR), unreadAt: ago(8 * HOUR), sleepingTime: true },
    "asleep",
    /night/,
  ],
  [
    "a board that uploads at night",
    { ...BOARD, sleepingTime: true, fading: () => ({ ...NEVER_SEEN }) },
    "ok",
    /arrive/,
  ],
  [
    "a board that uploads nothing but zeros at night",
    { ...BOARD, sleepingTime: true, fading: faded },
    "asleep",
    /night/,
  ],
  ["the same by day", { ...BOARD, sleepingTime: false, fading: faded }, "ok", /arrive/],
  ["a board that is silent by day", { ...BOARD, ...quiet, sleepingTime: false, fading: faded }, "stale", /last heard/],
  ["a board that is silent at night", { ...BOARD, ...quiet, sleepingTime: true }, "asleep", /night/],
  ["a board that faded, where nobody knows the sun", { ...BOARD, ...quiet, fading: faded }, "asleep", /faded/],
  ["a board that broke off", { ...BOARD, ...quiet }, "stale", /last heard/],
  ["a board that faded days ago", { ...BOARD, uploadedAt: ago(30 * HOUR), fading: faded }, "stale", /no samples|heard/],
  ["a board that asks but does not upload", { ...BOARD, ...quiet, contactAt: ago(MIN) }, "stale", /no samples/],
  [
    "a board, 45 minutes after its upload",
    { ...BOARD, uploadedAt: ago(45 * MIN), contactAt: undefined },
    "ok",
    /arrive/,
  ],
  ["a board, 47 minutes after", { ...BOARD, uploadedAt: ago(47 * MIN), contactAt: undefined }, "stale", /heard/, MIN],
  [
    "a board that uploads once an hour",
    {
      ...BOARD,
      uploadMs: HOUR,
      uploadedAt: ago(2.5 * HOUR),
      contactAt: undefined,
    },
    "ok",
    /arrive/,
  ],
  ["silence before the gateway started", { ...BOARD, ...quiet, listeningSince: ago(MIN) }, undefined, /./],
  ["a node whose inverter works", node([inverter("ok")]), "ok", /arrive/, HOUR],
  ["a node whose inverter sleeps", node([inverter("asleep")], { uploadedAt: ago(9 * HOUR) }), "asleep", /test asleep/],
  ["a node, one inverter asleep", node([inverter("asleep"), inverter("ok", ago(2 * HOUR), "barn")]), "ok", /arrive/],
  ["a node whose inverter never answered", node([inverter("stale")]), "stale", /^test stale$/, HOUR],
  [
    "a node, one never answered, one asleep",
    node([inverter("stale"), inverter("asleep", ago(5), "b")]),
    "asleep",
    /^b: test asleep$/,
    5,
  ],
  [
    "a node, one never answered while another is awake",
    node([inverter("ok"), inverter("stale", ago(5), "b")]),
    "fault",
    /^b: test stale$/,
    5,
  ],
  [
    "a node, one inverter at fault",
    node([inverter("ok"), inverter("fault", ago(5), "barn")]),
    "fault",
    /^barn: test/,
    5,
  ],
  ["a node with two inverters at fault", node([inverter("fault"), inverter("fault", NOW, "b")]), "fault", /1 more/],
  [
    "a node that is silent",
    node([inverter("asleep")], { contactAt: ago(HOUR), uploadedAt: undefined }),
    "stale",
    /last/,
  ],
  [
    "a node that was silent before we listened",
    {
      ...node([inverter("asleep")]),
      contactAt: ago(HOUR),
      uploadedAt: ago(9 * HOUR),
      listeningSince: ago(MIN),
    },
    undefined,
    /./,
  ],
  ["a node whose samples do not come", node([inverter("ok")], { uploadedAt: ago(HOUR) }), "stale", /no samples/],
  [
    "a node whose inverter has just woken up",
    node([inverter("ok", ago(MIN))], { uploadedAt: ago(9 * HOUR) }),
    "ok",
    /awaited/,
  ],
  ["a node that is new", node([inverter("ok", ago(5))], { uploadedAt: undefined }), "ok", /samples are awaited/, 5],
  ["a node with a clock ahead", node([inverter("ok", NOW + HOUR)]), "ok", /arrive/, 0],
  ["a node that tells of no inverter", node([]), "ok", /arrive/],
];

for (const [what, facts, state, reason, since] of TABLE) {
  Deno.test(`${what} is ${state ?? "as it was"}`, () => {
    const verdict = decide(facts, NOW);
    assert.equal(verdict?.state, state);
    if (verdict === undefined) return;
    assert.match(stateReasonText(verdict.reason), reason);
    assert.ok(verdict.since <= NOW, "a state begins in the past");
    if (since !== undefined) assert.equal(NOW - verdict.since, since);
  });
}
