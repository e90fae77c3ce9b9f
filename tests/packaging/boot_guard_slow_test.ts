import assert from "node:assert/strict";
import { Guarded, IMAGE } from "./guarded.ts";

const OLD = 'echo "old $ECOWATT_SLOT trial=$ECOWATT_TRIAL${*:+ $*}"';
/** What the new image does when it has proved itself: the last steps of the updater. */
const CONFIRM = 'ln -s b "$ECOWATT_SLOTS/current.new"; mv -T "$ECOWATT_SLOTS/current.new" "$ECOWATT_SLOTS/current"; ' +
  'rm -f "$ECOWATT_SLOTS/trial"';

/** Old image in a, new one in b on trial. */
function onTrial(fresh: string | Uint8Array, { limit = 3, window = 60, mode = 0o755 } = {}): Guarded {
  const box = new Guarded();
  box.put("a", OLD);
  box.put("b", fresh, mode);
  box.current("a");
  box.write("trial", `b ${IMAGE} ${limit} ${window}\n`);
  return box;
}

Deno.test("without a trial the current slot becomes the process, with its arguments as they were", async () => {
  await using box = new Guarded();
  box.put("a", 'echo "$ECOWATT_SLOT|$1|$2|$ECOWATT_TRIAL|$ECOWATT_SLOTS"; exit 7');
  box.current("a");
  const guard = box.boot("two words", "*");
  assert.equal(await guard.exit, 7);
  assert.equal(guard.out(), `a|two words|*||${box.slots}\n`);
});

Deno.test("without any slot the installed executable runs", async () => {
  await using box = new Guarded();
  box.put("installed", OLD);
  const guard = box.boot("run");
  assert.equal(await guard.exit, 0);
  assert.equal(guard.out(), "old installed trial= run\n");
});

Deno.test("a new image that confirms itself keeps running, and is not counted as failed when it ends", async () => {
  await using box = onTrial(`${CONFIRM}; echo "new $ECOWATT_SLOT \${ECOWATT_TRIAL}"; exit 5`);
  const guard = box.boot();
  assert.equal(await guard.exit, 5);
  assert.equal(guard.out(), `new b ${IMAGE}\n`);
  assert.equal(box.text("attempts"), `${IMAGE} 0 1 none\n`);
  const again = box.boot();
  assert.equal(await again.exit, 5);
  assert.equal(again.out(), "new b \n");
});

const wrongMachine = Deno.readFileSync("/bin/sh").slice(0, 64);
wrongMachine[18] = (wrongMachine[18] ?? 0) ^ 0xff;

const FAILURES: readonly (readonly [name: string, fresh: string | Uint8Array, reason: RegExp, starts: number])[] = [
  ["zero bytes", new Uint8Array(0), /not a program/, 0],
  ["a text file", new TextEncoder().encode("echo I am a text, and a shell would run me\n"), /not a program/, 0],
  ["another machine's program", wrongMachine, /not a program/, 0],
  ["exit 1", "echo why it failed >&2; exit 1", /exit 1$/, 3],
  ["exit 0 without a word", "exit 0", /exit 0$/, 3],
  ["segmentation fault", "kill -SEGV $$", /signal 11$/, 3],
];
for (const [name, fresh, reason, starts] of FAILURES) {
  Deno.test(`a new image that is ${name}: back to the old one, with the reason on record`, async () => {
    await using box = onTrial(fresh);
    const guard = box.boot("run");
    assert.equal(await guard.exit, 0);
    assert.equal(guard.out(), "old a trial= run\n");
    const [image, failures, started, ...words] = (box.text("attempts") ?? "").trim().split(" ");
    assert.deepEqual([image, failures, Number(started)], [IMAGE, "3", starts]);
    assert.match(words.join(" "), reason);
    if (name === "exit 1") assert.equal(box.text("trial.log"), "why it failed\n");
    assert.equal(box.text("trial"), `b ${IMAGE} 3 60\n`, "the guard leaves the verdict to the old image");
  });
}

Deno.test("an executable bit that is missing is no program either", async () => {
  await using box = onTrial("exit 0", { mode: 0o644 });
  const guard = box.boot();
  assert.equal(await guard.exit, 0);
  assert.match(box.text("attempts") ?? "", /not a program/);
});

Deno.test("a new image that hangs, deaf to SIGTERM, is killed when its window ends", async () => {
  await using box = onTrial("trap '' TERM; echo hanging >&2; while :; do sleep 0.2; done", { limit: 1, window: 2 });
  const guard = box.boot();
  assert.equal(await guard.exit, 0);
  assert.equal(guard.out(), "old a trial=\n");
  assert.equal(box.text("attempts"), `${IMAGE} 1 1 not confirmed in 2 s\n`);
  assert.equal(box.text("trial.log"), "hanging\n");
});

Deno.test("the watchdog's abort is a failure of the image on trial, and ends the guard", async () => {
  await using box = onTrial("trap '' TERM ABRT; echo up; while :; do sleep 0.1; done");
  const guard = box.boot();
  await guard.says(/up/);
  assert.notEqual(await guard.kill("SIGABRT"), 0);
  assert.equal(box.text("attempts"), `${IMAGE} 1 1 hung, and fed the watchdog no more\n`);
});

Deno.test("a stop of the service is passed on and is no failure", async () => {
  await using box = onTrial("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done");
  const guard = box.boot();
  await guard.says(/up/);
  assert.equal(await guard.kill("SIGTERM"), 0);
  assert.match(guard.out(), /bye/);
  assert.equal(box.text("attempts"), `${IMAGE} 0 1 none\n`);
});

Deno.test("power cycles are no failures: after ten of them the new image is still tried, after twenty it is given up", async () => {
  await using box = onTrial("echo new; sleep 0.1; exit 0", { limit: 1 });
  box.write("attempts", `${IMAGE} 0 19 none\n`);
  const guard = box.boot();
  await guard.says(/new/);
  assert.equal(await guard.exit, 0);
  await using cycled = onTrial("echo new; exit 0");
  cycled.write("attempts", `${IMAGE} 0 20 none\n`);
  const given = cycled.boot();
  assert.equal(await given.exit, 0);
  assert.equal(given.out(), "old a trial=\n");
});

Deno.test("the counts of another image do not count for this one", async () => {
  await using box = onTrial("echo new; exit 1", { limit: 1 });
  box.write("attempts", `${"cd".repeat(32)} 3 3 exit 1\n`);
  const guard = box.boot();
  assert.equal(await guard.exit, 0);
  assert.equal(guard.out(), "new\nold a trial=\n");
});

const UNREADABLE: readonly (readonly [name: string, file: "trial" | "attempts", text: string])[] = [
  ["an empty trial", "trial", ""],
  ["a cut trial", "trial", `b ${IMAGE} 3 60`],
  ["a trial of a path", "trial", `../../x ${IMAGE} 3 60\n`],
  ["a trial without numbers", "trial", `b ${IMAGE}\n`],
  ["a trial with octal numbers", "trial", `b ${IMAGE} 010 60\n`],
  ["a trial of the current slot", "trial", `a ${IMAGE} 3 60\n`],
  ["a trial with a word too many", "trial", `b ${IMAGE} 3 60 x\n`],
  ["cut attempts", "attempts", `${IMAGE} 1`],
  ["attempts without numbers", "attempts", `${IMAGE} x y z\n`],
  ["empty attempts", "attempts", ""],
];
for (const [name, file, text] of UNREADABLE) {
  Deno.test(`${name}: the old image runs`, async () => {
    await using box = onTrial("echo new; exit 1");
    box.write(file, text);
    const guard = box.boot();
    assert.equal(await guard.exit, 0);
    assert.equal(guard.out(), "old a trial=\n");
  });
}

Deno.test("a long log is kept in its last lines only", async () => {
  await using box = onTrial('i=0; while [ $i -lt 250 ]; do echo "line $i" >&2; i=$((i + 1)); done; exit 1', {
    limit: 1,
  });
  assert.equal(await box.boot().exit, 0);
  const lines = `${box.text("trial.log.1")}${box.text("trial.log")}`.trim().split("\n");
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [150, "line 100", "line 249"]);
});

Deno.test("a current slot that is damaged: the installed executable runs, and where there is none, the other slot", async () => {
  await using box = new Guarded();
  box.put("a", new Uint8Array(0));
  box.put("installed", OLD);
  box.current("a");
  const guard = box.boot();
  assert.equal(await guard.exit, 0);
  assert.equal(guard.out(), "old installed trial=\n");
  Deno.removeSync(box.installed);
  box.put("b", OLD);
  const other = box.boot();
  assert.equal(await other.exit, 0);
  assert.equal(other.out(), "old b trial=\n");
});

/** A real executable that says no word: it ends well with any argument. */
const TRUE = Deno.readFileSync(Deno.realPathSync("/bin/true"));
/** The same after a disk lost its end, which leaves the head of a program. */
const CUT = TRUE.slice(0, Math.floor(TRUE.length / 3));

Deno.test("a current image that is damaged is not started while another is good: the installed one, or the other slot", async () => {
  for (const good of ["installed", "b"] as const) {
    await using box = new Guarded();
    box.put("a", CUT);
    box.put(good, OLD);
    box.current("a");
    for (let start = 0; start < 2; start++) {
      const guard = box.boot("run");
      assert.equal(await guard.exit, 0);
      assert.equal(guard.out(), `old ${good} trial= run\n`);
      assert.match(guard.err(), /slots\/a\/ecowatt is damaged/);
    }
  }
});

/** Keeps the SHA-256 of what is in a slot, as the updater does; then a byte of it changes. */
async function changed(box: Guarded, slot: "a" | "b", script: string): Promise<void> {
  box.put(slot, script);
  const path = `${box.slots}/${slot}/ecowatt`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Deno.readFileSync(path)));
  box.write(`${slot}/ecowatt.sha256`, `${digest.toHex()}  ecowatt\n`);
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length - 2] = "X".charCodeAt(0);
  Deno.writeFileSync(path, bytes);
}

Deno.test("a current image in which a byte has changed is not started while another is good, though it runs", async () => {
  for (const good of ["installed", "b"] as const) {
    await using box = new Guarded();
    await changed(box, "a", "echo changed; exit 0 #.");
    box.put(good, OLD);
    box.current("a");
    const guard = box.boot("run");
    assert.equal(await guard.exit, 0);
    assert.equal(guard.out(), `old ${good} trial= run\n`);
    assert.match(guard.err(), /slots\/a\/ecowatt is damaged: its SHA-256 is another/);
    Deno.removeSync(good === "b" ? `${box.slots}/b/ecowatt` : box.installed);
    const alone = box.boot("run");
    assert.equal(await alone.exit, 0);
    assert.equal(alone.out(), "changed\n", "nothing else is left");
    box.put("a", "echo changed; exit 0 #.");
    const whole = box.boot("run");
    assert.equal(await whole.exit, 0);
    assert.deepEqual([whole.out(), whole.err()], ["changed\n", ""]);
  }
});

Deno.test("an image on trial in which a byte has changed is given up before its first start", async () => {
  await using box = onTrial("echo new");
  await changed(box, "b", "echo new #.");
  const guard = box.boot();
  assert.equal(await guard.exit, 0);
  assert.equal(guard.out(), "old a trial=\n");
  assert.equal(box.text("attempts"), `${IMAGE} 3 0 its SHA-256 is another\n`);
});

Deno.test("a current image that is whole is started, whatever else there is", async () => {
  await using box = new Guarded();
  box.put("a", TRUE);
  box.put("installed", OLD);
  box.put("b", OLD);
  box.current("a");
  const guard = box.boot("run");
  assert.equal(await guard.exit, 0);
  assert.deepEqual([guard.out(), guard.err()], ["", ""]);
});

Deno.test("when every program is damaged the current one is tried all the same", async () => {
  await using box = new Guarded();
  for (const slot of ["a", "b", "installed"] as const) box.put(slot, CUT);
  box.current("a");
  const guard = box.boot("run");
  assert.notEqual(await guard.exit, 0);
  assert.doesNotMatch(guard.err(), /there is nothing to run/);
});

Deno.test("a start is on the disk before the program is: the count, and then its name", async () => {
  await using box = onTrial('cat "$SYNCED" >&2; exit 1', { limit: 1 });
  const synced = `${box.root}/synced`;
  Deno.mkdirSync(`${box.root}/bin`);
  Deno.writeTextFileSync(`${box.root}/bin/sync`, '#!/bin/sh\nprintf "%s\\n" "$1" >>"$SYNCED"\n', { mode: 0o755 });
  box.env = { PATH: `${box.root}/bin:${Deno.env.get("PATH") ?? "/usr/bin:/bin"}`, SYNCED: synced };
  assert.equal(await box.boot().exit, 0);
  const note = `${box.slots}/attempts.new\n${box.slots}\n`;
  assert.equal(box.text("trial.log"), note, "what the program found");
  assert.equal(Deno.readTextFileSync(synced), note + note, "and the failure after it");
});

Deno.test("an image whose start cannot be counted is not started: it would be tried for ever", async () => {
  await using box = onTrial("echo new");
  Deno.mkdirSync(`${box.slots}/attempts.new`);
  const guard = box.boot();
  assert.equal(await guard.exit, 0);
  assert.equal(guard.out(), "old a trial=\n");
});

Deno.test("what the guard writes is for its owner alone", async () => {
  await using box = onTrial("echo why >&2; exit 1", { limit: 1 });
  await box.boot().exit;
  for (const name of ["attempts", "trial.log"]) {
    assert.equal((Deno.statSync(`${box.slots}/${name}`).mode ?? 0) & 0o777, 0o600, name);
  }
});
