import assert from "node:assert/strict";
import { reference, testWith } from "../../needs.ts";
import { at, NOW } from "../api/fixture.ts";
import { openSettings, type SettingsFixture } from "./fixture.ts";

const PATH = "/api/v1/devices/roof/settings";
const PARAMETERS = ["poll_frequency", "upload_frequency", "register_list"];
const all = (status: string, version: number) => PARAMETERS.map((parameter) => ({ parameter, status, version }));
const state = async (f: SettingsFixture) => at((await f.ask("GET", PATH)).body, "state");
const NOTHING = {
  Changed: false,
  pollFreqChanged: false,
  newPollTimer: 0,
  uploadFreqChanged: false,
  newUploadTimer: 0,
  regsChanged: false,
  regsCount: 0,
  regs: [],
};

Deno.test("a node is told until it reports, and always what it is to have", async () => {
  await using f = await openSettings();
  await f.addNode("roof");
  assert.deepEqual(await f.changes("roof"), NOTHING);
  await f.ask("PUT", PATH, { poll_interval_s: 0.5, upload_interval_s: 60 });
  const told = await f.changes("roof");
  assert.deepEqual(told, {
    ...NOTHING,
    Changed: true,
    pollFreqChanged: true,
    newPollTimer: 1,
    uploadFreqChanged: true,
    newUploadTimer: 60,
    version: 1,
    settings: { version: 1, poll_interval_s: 0.5, upload_interval_s: 60 },
  });
  assert.deepEqual((await f.post("roof", "/device_settings", {})).body, told);
  await f.report("roof", { parameter: "poll_frequency", status: "accepted", version: 1 });
  const half = await f.changes("roof");
  assert.deepEqual([half.Changed, half.pollFreqChanged, half.uploadFreqChanged], [true, false, true]);
  await f.report("roof", ...all("accepted", 1));
  assert.deepEqual(await f.changes("roof"), {
    ...NOTHING,
    version: 1,
    settings: { version: 1, poll_interval_s: 0.5, upload_interval_s: 60 },
  });
  assert.equal(await state(f), "pending");
  await f.report("roof", ...all("applied", 1));
  assert.equal(await state(f), "in_sync");
});

Deno.test("nothing is lost when the gateway's power is cut between any two steps, or an answer or report never arrives", async () => {
  const steps = [
    "after set",
    "after answer",
    "answer again",
    "after accepted",
    "report again",
    "after applied",
  ] as const;
  for (const cut of steps) {
    let f = await openSettings();
    const passes = async (step: typeof steps[number]) => {
      if (step === cut) f = await f.crash();
    };
    await f.addNode("roof");
    await f.ask("PUT", PATH, { poll_interval_s: 5 });
    await passes("after set");
    assert.equal((await f.changes("roof")).newPollTimer, 5, cut);
    await passes("after answer");
    assert.equal((await f.changes("roof")).newPollTimer, 5, `${cut}: the answer may have been lost`);
    await passes("answer again");
    await f.report("roof", ...all("accepted", 1));
    await passes("after accepted");
    assert.equal((await f.changes("roof")).Changed, false, cut);
    await f.report("roof", ...all("accepted", 1));
    await passes("report again");
    await f.report("roof", ...all("applied", 1));
    await passes("after applied");
    assert.equal(await state(f), "in_sync", cut);
    assert.equal((await f.changes("roof")).version, 1, cut);
    const events = at((await f.ask("GET", `${PATH}/history`)).body, "events");
    assert.ok(Array.isArray(events));
    const kinds = events.map((event) => [at(event, "event", "kind"), at(event, "times")]);
    assert.deepEqual(kinds.filter(([kind]) => kind === "set" || kind === "delivered" || kind === "outcome"), [
      ["outcome", 1],
      ["delivered", 2],
      ["set", 1],
    ], cut);
    await f[Symbol.asyncDispose]();
  }
});

Deno.test("the history tells who, what, when, and how it went", async () => {
  await using f = await openSettings();
  await f.addNode("roof");
  await f.send("operator", "PATCH", PATH, { poll_interval_s: 5 });
  await f.clock.advance(1_000);
  await f.changes("roof");
  await f.report("roof", { parameter: "poll_frequency", status: "rejected", version: 1, error: "test: no" });
  const { status, body } = await f.ask("GET", `${PATH}/history?limit=3`);
  assert.equal(status, 200);
  const event = (i: number) => [at(body, "events", i, "ok"), at(body, "events", i, "event")];
  assert.deepEqual([event(0), event(1), event(2)], [
    [false, { kind: "outcome", state: "rejected" }],
    [false, { kind: "report", parameter: "poll_frequency", status: "rejected", of_version: 1, reason: "test: no" }],
    [null, { kind: "delivered" }],
  ]);
  assert.equal(at(body, "events", 2, "at_ms"), NOW + 1_000);
  const rest = (await f.ask("GET", `${PATH}/history?before=${at(body, "next")}`)).body;
  assert.deepEqual(at(rest, "events", 0, "event"), {
    kind: "set",
    by: "token test operator",
    from: {},
    to: { poll_interval_s: 5 },
  });
  assert.equal(at(rest, "next"), null);
  const view = (await f.ask("GET", PATH)).body;
  assert.equal(at(view, "state"), "rejected");
  assert.equal(at(view, "progress", "poll_interval_s", "reason"), "test: no");
});

const samples = reference("esp32/wire-samples.json");

testWith([samples], "a board's own reports settle what it was told, each parameter alone", async () => {
  const recorded: { title: string; requests: { path: string; body: string }[] }[] = JSON.parse(
    Deno.readTextFileSync(samples.url),
  );
  const body = (title: string, path: string) => {
    const found = recorded.find((one) => one.title === title)?.requests.find((one) => one.path === path);
    assert.ok(found, title);
    return JSON.parse(found.body);
  };
  await using f = await openSettings();
  const board = await f.addBoard("ESP32_EcoWatt_Smart");
  const path = `/api/v1/devices/${board.deviceId}/settings`;
  const ask = (title: string) => f.post(board.deviceId, "/changes", body(title, "/changes"));
  const report = (title: string) => f.post(board.deviceId, "/config/report", body(title, "/config/report"));

  assert.deepEqual((await ask("/changes: nothing changed")).body, NOTHING);
  await f.ask("PUT", path, { poll_interval_s: 5, upload_interval_s: 30 });
  const told = { ...NOTHING, Changed: true, pollFreqChanged: true, newPollTimer: 5, uploadFreqChanged: true };
  for (let time = 0; time < 3; time++) {
    assert.deepEqual((await ask("/changes: poll 5 s, upload 30 s")).body, { ...told, newUploadTimer: 30 });
  }
  assert.equal((await report("/changes: upload 0")).status, 200);
  const half = (await ask("/changes: poll 5 s, upload 30 s")).body;
  assert.equal(at(half, "uploadFreqChanged"), true, "that report was about another value");
  assert.equal((await report("/changes: poll 5 s, upload 30 s")).status, 200);
  assert.deepEqual((await ask("/changes: nothing changed")).body, NOTHING);
  const view = (await f.ask("GET", path)).body;
  assert.equal(at(view, "state"), "in_sync");
  assert.deepEqual(at(view, "reported"), { poll_interval_s: 5, upload_interval_s: 30, version: null, at_ms: NOW });
  for (const { requests } of recorded) {
    for (const { path, body } of requests) {
      if (path === "/changes" || path === "/config/report") {
        assert.equal((await f.post(board.deviceId, path, JSON.parse(body))).status, 200);
      }
    }
  }
  assert.equal(at((await f.ask("GET", path)).body, "state"), "in_sync");
  assert.equal((await f.changes(board.deviceId)).Changed, false);
});

Deno.test("bodies that no device would send are refused with a reason, and settle nothing", async () => {
  await using f = await openSettings();
  await f.addNode("roof");
  await f.addBoard("barn");
  await f.ask("PUT", PATH, { poll_interval_s: 5 });
  await f.changes("roof");
  const line = { parameter: "poll_frequency", status: "applied", version: 1 };
  const bad: readonly (readonly [string, object, number])[] = [
    ["/config/report", {}, 400],
    ["/config/report", { updates: [] }, 400],
    ["/config/report", { updates: [{ ...line, status: "fine" }] }, 400],
    ["/config/report", { updates: [{ ...line, parameter: "__proto__" }] }, 400],
    ["/config/report", { updates: [{ ...line, version: 1.5 }] }, 400],
    ["/config/report", { updates: Array.from({ length: 33 }, () => line) }, 400],
    ["/config/report", { updates: [line], device_id: "barn" }, 403],
    ["/changes", { device_id: "barn" }, 403],
    ["/changes", { device_id: 7 }, 400],
    ["/changes", { timestamp: "x" }, 400],
  ];
  for (const [path, body, expected] of bad) {
    const { status, body: problem } = await f.post("roof", path, body);
    assert.equal(status, expected, JSON.stringify(body).slice(0, 100));
    assert.equal(typeof at(problem, "detail"), "string");
  }
  await f.report("roof", { ...line, version: 999 }, { ...line, status: "rejected", version: 0, value: ["x"] });
  assert.equal((await f.changes("roof")).Changed, true);
});

Deno.test("a device that was taken off and registered again begins anew, with versions that go on", async () => {
  await using f = await openSettings();
  await f.addNode("roof");
  await f.ask("PUT", PATH, { poll_interval_s: 5 });
  await f.management.removeDevice("roof");
  await f.clock.advance(1_000);
  await f.addNode("roof");
  const view = (await f.ask("GET", PATH)).body;
  assert.deepEqual([at(view, "version"), at(view, "desired")], [1, {}]);
  await f.ask("PUT", PATH, { poll_interval_s: 6 });
  assert.equal((await f.changes("roof")).version, 2);
});
