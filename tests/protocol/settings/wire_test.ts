import assert from "node:assert/strict";
import fc from "fast-check";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { parseBoardMessage, parseSettingsMessage } from "../../../gateway/boards/settings_message.ts";
import { ChangesAnswer, changesAnswer, ChangesRequest } from "../../../protocol/settings/changes.ts";
import { ConfigReport } from "../../../protocol/settings/report.ts";
import { reference, testWith } from "../../needs.ts";

const samples = reference("esp32/wire-samples.json");

testWith(
  [samples],
  "every request and report that a board's own program made is read, and none of its lines is lost",
  () => {
    const recorded: { requests: { path: string; body: string }[] }[] = JSON.parse(Deno.readTextFileSync(samples.url));
    const requests = recorded.flatMap(({ requests }) => requests);
    const polls = requests.filter(({ path }) => path === "/changes").map(({ body }) => JSON.parse(body));
    const reports = requests.filter(({ path }) => path === "/config/report").map(({ body }) => JSON.parse(body));
    assert.ok(polls.length >= 10 && reports.length >= 9);
    for (const body of polls) assert.deepEqual(ChangesRequest.parse(body), body);
    for (const body of reports) assert.deepEqual(ConfigReport.parse(body), body);
  },
);

Deno.test("reports that break a rule are refused", () => {
  const update = { parameter: "poll_frequency", status: "accepted", value: 5, unit: "seconds" };
  const report = (updates: unknown) => ({ device_id: "a", timestamp: 1, updates });
  assert.ok(ConfigReport.safeParse(report([update])).success);
  const bad = [
    report([]),
    report({}),
    report([{ ...update, parameter: "reboot" }]),
    report([{ ...update, status: "done" }]),
    report([{ ...update, value: "5" }]),
    report([{ ...update, version: -1 }]),
    report([{ ...update, error: "x".repeat(1_001) }]),
    report(Array.from({ length: 33 }, () => update)),
    { updates: [update] },
    null,
    "x",
  ];
  for (const body of bad) assert.ok(!ConfigReport.safeParse(body).success, JSON.stringify(body).slice(0, 100));
});

Deno.test("the flags are JSON booleans and whole seconds of at least 1, and a board can hold them, whatever is set", () => {
  const pending = fc.record({
    poll: fc.option(fc.double({ min: 0.1, max: 3_600, noNaN: true }), { nil: undefined }),
    upload: fc.option(fc.double({ min: 1, max: 86_400, noNaN: true }), { nil: undefined }),
    registers: fc.option(fc.array(fc.string({ minLength: 1, maxLength: 64 }), { minLength: 1, maxLength: 64 }), {
      nil: undefined,
    }),
  });
  fc.assert(fc.property(pending, (values) => {
    const answer = ChangesAnswer.parse(changesAnswer(values));
    assert.ok(new TextEncoder().encode(JSON.stringify(answer)).length < 1_000);
    assert.equal(answer.pollFreqChanged, values.poll !== undefined);
    assert.equal(answer.uploadFreqChanged, values.upload !== undefined);
    for (
      const [changed, timer] of [
        [answer.pollFreqChanged, answer.newPollTimer],
        [answer.uploadFreqChanged, answer.newUploadTimer],
      ] as const
    ) {
      assert.ok(changed ? timer >= 1 : timer === 0);
    }
    assert.equal(answer.regsCount, answer.regs.length);
  }));
});

Deno.test("nothing to change is said in the words that boards know", () => {
  assert.deepEqual(changesAnswer({}), {
    Changed: false,
    pollFreqChanged: false,
    newPollTimer: 0,
    uploadFreqChanged: false,
    newUploadTimer: 0,
    regsChanged: false,
    regsCount: 0,
    regs: [],
  });
  const all = ecowatt.registers.map(({ name }) => name);
  const answer = changesAnswer({ poll: 3, upload: 60, registers: all }, { version: 7, poll_interval_s: 3 });
  assert.deepEqual(answer.regs, all);
  assert.equal(answer.version, 7);
});

Deno.test("messages of the broker become changes, or are refused with a reason", () => {
  const flags = { Changed: true, pollFreqChanged: true, newPollTimer: 3, uploadFreqChanged: false, newUploadTimer: 9 };
  const read = (change: object) => parseBoardMessage({ ...flags, ...change });
  assert.deepEqual(read({}), { ok: true, value: { patch: { poll_interval_s: 3 } } });
  assert.deepEqual(
    read({ device_id: "roof", uploadFreqChanged: true, regsChanged: true, regsCount: 1, regs: ["Pac"] }),
    {
      ok: true,
      value: { deviceId: "roof", patch: { poll_interval_s: 3, upload_interval_s: 9, registers: ["Pac"] } },
    },
  );
  const refused: readonly (readonly [object, string])[] = [
    [{ Changed: false }, "unchanged"],
    [{ pollFreqChanged: false }, "unchanged"],
    [{ Changed: 1 }, "malformed"],
    [{ newPollTimer: "3" }, "malformed"],
    [{ newPollTimer: undefined }, "malformed"],
    [{ pollFreqChanged: false, regsChanged: true, regsCount: 2, regs: 514 }, "malformed"],
    [{ device_id: "../x" }, "malformed"],
  ];
  for (const [change, fault] of refused) {
    const outcome = read(change);
    assert.equal(outcome.ok ? "accepted" : outcome.fault, fault, JSON.stringify(change));
  }
  for (const payload of [null, 7, "x", []]) assert.ok(!parseBoardMessage(payload).ok);
  const badLists: readonly (readonly [object, RegExp])[] = [
    [{ regs: 514, regsCount: 2 }, /bit mask/],
    [{ regs: ["Pac"], regsCount: 2 }, /regsCount says 2/],
    [{ regs: [""], regsCount: 1 }, /^regs\.0: /],
    [{ regs: "Pac", regsCount: 1 }, /^regs: /],
  ];
  for (const [change, reason] of badLists) {
    const outcome = read({ regsChanged: true, ...change });
    assert.ok(outcome.ok, JSON.stringify(change));
    assert.deepEqual(outcome.value.patch, { poll_interval_s: 3 });
    assert.match(outcome.value.registersRefused ?? "", reason);
  }
  assert.deepEqual(parseSettingsMessage({ poll_interval_s: null }), { ok: true, value: { poll_interval_s: null } });
  for (const payload of [null, {}, { poll: 3 }, { poll_interval_s: "3" }]) assert.ok(!parseSettingsMessage(payload).ok);
});

Deno.test("no payload of the broker makes the parsers throw", () => {
  fc.assert(fc.property(fc.jsonValue(), (payload) => {
    parseBoardMessage(payload);
    parseSettingsMessage(payload);
  }));
});
