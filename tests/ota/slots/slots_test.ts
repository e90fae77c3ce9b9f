import assert from "node:assert/strict";
import { utf8 } from "../../../crypto/bytes.ts";
import { replaceFile, replaceLink } from "../../../ota/slots/durable.ts";
import { arm, bootOf, commit, currentSlot, readTrial, settle } from "../../../ota/slots/slots.ts";
import {
  confirmed,
  loadState,
  postponed,
  remembered,
  rolledBack,
  storeState,
  told,
  type UpdateState,
} from "../../../ota/slots/state.ts";
import { parseTrial } from "../../../ota/slots/trial.ts";
import { PowerCut, PowerFiles } from "../../fakes/power.ts";

const IMAGE = "1f".repeat(32);
const OTHER = "2e".repeat(32);
const trial = { slot: "b", image: IMAGE, limit: 3, windowS: 600 } as const;
const pending = { image: IMAGE, version: "2.0.0", sequence: 7, inverters_answered: true };
const EMPTY: UpdateState = { floor: 0, bad: [], reports: [] };

/** A disk with slot a running and slot b on trial. */
async function onTrial(state: Partial<UpdateState> = { pending }): Promise<PowerFiles> {
  const disk = new PowerFiles();
  disk.seedLink("current", "a");
  await storeState(disk, { ...EMPTY, floor: 6, ...state });
  await arm(disk, trial);
  return disk;
}

/** The disks that a power cut after each operation of `work` can leave, with nothing lost that was in order. */
async function cuts(start: () => Promise<PowerFiles>, work: (disk: PowerFiles) => Promise<unknown>) {
  const found: PowerFiles[] = [];
  for (let after = 1;; after++) {
    const disk = await start();
    disk.operations = 0;
    disk.cutAfter = after;
    try {
      await work(disk);
      return found;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      found.push(disk.afterCut({ names: "all", data: "kept" }), disk.afterCut({ names: "none", data: "lost" }));
    }
  }
}

Deno.test("a program is confirmed by its link first: a floor that has risen means that it is the one that runs", async () => {
  const disks = await cuts(() => onTrial(), (disk) => commit(disk, trial));
  assert.ok(disks.length > 10);
  for (const disk of disks) {
    const { floor, pending: left } = await loadState(disk);
    if (floor === 7) assert.equal(await currentSlot(disk), "b", "the floor rose before the link turned");
    if (await readTrial(disk) === undefined) assert.deepEqual([floor, left], [7, undefined], "the trial ended first");
  }
});

Deno.test("what a power cut left of a confirmation is brought to its end by the next start, whoever was started", async () => {
  for (const disk of await cuts(() => onTrial(), (disk) => commit(disk, trial))) {
    if (await readTrial(disk) === undefined || await currentSlot(disk) !== "b") continue;
    assert.equal((await settle(disk, { kind: "committed", slot: "b" })).kind, "confirmed");
    assert.deepEqual([(await loadState(disk)).floor, await readTrial(disk)], [7, undefined]);
  }
});

Deno.test("a replaced file is the old or the new one, whatever a power cut takes, and new once it was replaced", async () => {
  const start = async () => {
    const disk = new PowerFiles();
    await replaceFile(disk, "state", "old and long\n");
    return disk;
  };
  for (const disk of await cuts(start, (disk) => replaceFile(disk, "state", "new\n"))) {
    const text = new TextDecoder().decode(await disk.read("state"));
    assert.ok(["old and long\n", "new\n"].includes(text), text);
    await replaceFile(disk, "state", "x\n"); // whatever was left beside it
    assert.deepEqual(await disk.read("state"), utf8("x\n"));
  }
  const whole = await start();
  await replaceFile(whole, "state", "new\n");
  const after = whole.afterCut({ names: "none", data: "lost" });
  assert.deepEqual(await after.read("state"), utf8("new\n"));
});

Deno.test("a turned link is the old or the new one, and new once it was turned, whatever an earlier cut left", async () => {
  const start = async () => {
    const disk = new PowerFiles();
    await replaceLink(disk, "current", "a");
    return disk;
  };
  for (const disk of await cuts(start, (disk) => replaceLink(disk, "current", "b"))) {
    assert.ok(["a", "b"].includes(await disk.linkTarget("current") ?? ""));
    await replaceLink(disk, "current", "b");
    assert.equal(await disk.afterCut({ names: "none", data: "lost" }).linkTarget("current"), "b");
  }
});

Deno.test("a trial that is over stays over when the power goes", async () => {
  const disk = await onTrial();
  await commit(disk, trial);
  assert.equal(await readTrial(disk.afterCut({ names: "none", data: "lost" })), undefined);
});

Deno.test("a program that was started by hand leaves a trial alone", async () => {
  const disk = await onTrial();
  assert.deepEqual(await settle(disk, { kind: "unguarded" }), { kind: "idle" });
  assert.deepEqual(await readTrial(disk), trial);
});

Deno.test("another image than the one on trial is not given up with it", async () => {
  const disk = await onTrial({ pending: { ...pending, image: OTHER, sequence: 8 } });
  assert.equal((await settle(disk, { kind: "committed", slot: "a" })).kind, "rolled_back");
  const { pending: left, bad, reports } = await loadState(disk);
  assert.deepEqual([left?.image, bad, reports], [OTHER, [], []]);
});

Deno.test("failures of another trial are not told as this one's", async () => {
  const disk = await onTrial();
  await disk.write("attempts", 0, utf8(`${OTHER} 3 4 signal 11\n`));
  const standing = await settle(disk, { kind: "committed", slot: "a" });
  assert.deepEqual(standing, { kind: "rolled_back", reason: { code: "uncounted" } });
});

Deno.test("windows that another trial did not use say nothing about this one", async () => {
  const disk = await onTrial();
  await disk.write("lacks", 0, utf8(`${IMAGE}\nthe gateway was not reached\n`));
  await disk.write("attempts", 0, utf8(`${OTHER} 3 3 not confirmed in 600 s\n`));
  assert.equal((await settle(disk, { kind: "committed", slot: "a" })).kind, "rolled_back");
});

Deno.test("a rollback tells the last lines of the trial's log, each cut to what the gateway takes", async () => {
  const disk = await onTrial();
  const lines = Array.from({ length: 300 }, (_, i) => `line ${i} ${"x".repeat(2_000)}`);
  await disk.write("trial.log.1", 0, utf8(`${lines.slice(0, 200).join("\n")}\n`));
  await disk.write("trial.log", 0, utf8(`${lines.slice(200).join("\n")}\n`));
  await settle(disk, { kind: "committed", slot: "a" });
  const [report] = (await loadState(disk)).reports;
  assert.ok(report?.kind === "complete" && report.log);
  assert.match(report.log.at(-1) ?? "", /^line 299 /);
  assert.ok(report.log.length <= 100 && report.log.every((line) => line.length <= 1_000));
});

Deno.test("the boot guard's word: only a slot with an image is on trial", () => {
  const boot = (slot?: string, image?: string) =>
    bootOf((name) => ({ ECOWATT_SLOT: slot, ECOWATT_TRIAL: image })[name]);
  assert.deepEqual(boot("b", IMAGE), { kind: "trial", slot: "b", image: IMAGE });
  assert.deepEqual(boot("b", ""), { kind: "committed", slot: "b" });
  assert.deepEqual(boot("installed"), { kind: "committed", slot: "installed" });
  assert.deepEqual(boot("c", IMAGE), { kind: "unguarded" });
});

Deno.test("a trial that the boot guard would not take is none", () => {
  assert.deepEqual(parseTrial(`b ${IMAGE} 3 600\n`), trial);
  for (
    const text of ["b xyz 3 600\n", "c 1f 3 600\n", "b 1f 3 600", "b 1f 03 600\n", "b 1f 3 600 1\n", "b 1F 3 600\n"]
  ) {
    assert.equal(parseTrial(text), undefined, text);
  }
});

Deno.test("the floor never falls, also not by an image without a sequence of its own", () => {
  assert.equal(confirmed({ ...EMPTY, floor: 9, pending }).floor, 9);
  assert.equal(confirmed({ ...EMPTY, floor: 6, pending }).floor, 7);
  assert.deepEqual(confirmed({ ...EMPTY, floor: 6 }), { ...EMPTY, floor: 6 });
});

Deno.test("a state of updates that is damaged is an error, not a new one: without its floor nothing may be installed", async () => {
  for (const text of ["", "{", "{}", '{"floor":-1,"bad":[],"reports":[]}', "null", '{"floor":7}']) {
    const disk = new PowerFiles();
    disk.seed("state.json", utf8(text));
    await assert.rejects(loadState(disk), /state\.json: it is damaged/, text);
  }
});

Deno.test("trials that decided nothing are counted by image, three of one are its fault", () => {
  const waiting = (image: string, times: number): UpdateState => ({
    ...EMPTY,
    pending,
    postponed: { ...pending, image, times },
  });
  assert.equal(postponed({ ...EMPTY, pending })?.postponed?.times, 1);
  assert.equal(postponed(waiting(IMAGE, 1))?.postponed?.times, 2);
  assert.equal(postponed(waiting(IMAGE, 2)), undefined);
  assert.equal(postponed(waiting(OTHER, 2))?.postponed?.times, 1);
});

Deno.test("what failed last and what happened last is kept, where not all of it can be", () => {
  const bad = (n: number) => ({ ...pending, sequence: n, code: "sha256", reason: "no" });
  const state = Array.from({ length: 100 }, (_, n) => bad(n)).reduce((state, one) => remembered(state, one), EMPTY);
  assert.deepEqual([state.bad.length, state.bad.at(-1)?.sequence], [64, 99]);
  const report = (n: number) => ({ kind: "verify", version: `1.0.${n}`, verified: true }) as const;
  const { reports } = Array.from({ length: 30 }, (_, n) => report(n)).reduce((state, one) => told(state, one), EMPTY);
  assert.deepEqual([reports.length, reports.at(-1)?.version], [16, "1.0.29"]);
  assert.deepEqual(rolledBack({ ...EMPTY, pending }, { reason: "exit 1", log: [] }).bad.map(({ image }) => image), [
    IMAGE,
  ]);
});
