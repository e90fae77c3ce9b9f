import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { slotFiles } from "../../ota/slots/files.ts";
import { tryNext } from "../../ota/updater/install.ts";
import { bring, consider } from "../../ota/updater/install.ts";
import { bootGuard } from "../fakes/boot_guard.ts";
import { FirmwareGateway } from "../fakes/firmware.ts";
import { LOSSES, PowerCut, PowerFiles } from "../fakes/power.ts";
import { Guarded, IMAGE } from "../packaging/guarded.ts";
import { installIo, newRelease, OLD_IMAGE } from "./machine.ts";

/** What a slot may hold: nothing, nothing of use, or a script that says who it is and fails. */
const Slot = fc.constantFrom<string[]>("missing", "empty", "text", "script");
const Line = fc.constantFrom<(string | undefined)[]>(
  undefined,
  "",
  "\n",
  `b ${IMAGE} 1 60`,
  `b ${IMAGE} 1 60\n`,
  `a ${IMAGE} 1 60\n`,
  `b ${IMAGE} 0 60\n`,
  `b ${IMAGE} 01 60\n`,
  `b XY 1 60\n`,
  `c ${IMAGE} 1 60\n`,
  `b ${IMAGE} 1 60 more\n`,
);
const Counted = fc.constantFrom<(string | undefined)[]>(
  undefined,
  "",
  `${IMAGE} 0 1 none\n`,
  `${IMAGE} 1 1 exit 1\n`,
  `${IMAGE} 0 20 none\n`,
  `${IMAGE} 0 19 none\n`,
  `${IMAGE} 1`,
  `${IMAGE} x 1 none\n`,
  `${"cd".repeat(32)} 1 1 exit 1\n`,
);
const ORDINARY = { a: "script", b: "script", current: "a", trial: `b ${IMAGE} 1 60\n`, attempts: undefined };
/** What chance might miss. */
const EXAMPLES = [
  ORDINARY,
  { ...ORDINARY, current: "b" },
  { ...ORDINARY, attempts: `${IMAGE} 1` },
  { ...ORDINARY, attempts: `${IMAGE} 1 1 exit 1\n` },
  { ...ORDINARY, attempts: `${IMAGE} 0 20 none\n` },
  { ...ORDINARY, b: "text" },
  { ...ORDINARY, a: "empty", current: "a", trial: undefined },
];
const Disk = fc.record({
  a: Slot,
  b: Slot,
  current: fc.constantFrom<(string | undefined)[]>(undefined, "a", "b", "../x"),
  trial: Line,
  attempts: Counted,
});

function fill(box: Guarded, disk: typeof Disk extends fc.Arbitrary<infer T> ? T : never): void {
  for (const slot of ["a", "b"] as const) {
    if (disk[slot] === "empty") box.put(slot, new Uint8Array());
    if (disk[slot] === "text") box.put(slot, new TextEncoder().encode("echo a text\n"));
    if (disk[slot] === "script") box.put(slot, `echo ${slot}; exit 1`);
  }
  if (disk.current !== undefined) box.current(disk.current);
  for (const name of ["trial", "attempts"] as const) {
    const text = disk[name];
    if (text !== undefined) box.write(name, text);
  }
}

Deno.test("on any disk the boot guard and its model start the same programs and count the same", async () => {
  await fc.assert(
    fc.asyncProperty(Disk, async (disk) => {
      await using real = new Guarded();
      await using modelled = new Guarded();
      fill(real, disk);
      fill(modelled, disk);
      const guard = real.boot();
      await guard.exit;
      const started: string[] = [];
      const files = await slotFiles(modelled.slots);
      const last = await bootGuard(files, (slot) => {
        started.push(slot);
        return Promise.resolve("exit 1");
      });
      if (last !== undefined) started.push(last);
      assert.deepEqual(guard.out().split("\n").filter(Boolean), started);
      assert.equal(real.text("attempts"), modelled.text("attempts"));
    }),
    {
      numRuns: 60,
      examples: EXAMPLES.map((disk): [typeof disk] => [disk]),
    },
  );
});

/** Writes a simulated disk out to a real folder. */
async function materialise(disk: PowerFiles, folder: string): Promise<void> {
  for (const [path, content] of disk.entries()) {
    if (typeof content === "string") Deno.symlinkSync(content, join(folder, path));
    else await Deno.writeFile(join(folder, path), content, { mode: 0o755 });
  }
}

Deno.test("after a power cut at any operation of an update the real boot guard starts the old or the new image", async () => {
  let cuts = 0;
  for (let cutAfter = 1;; cutAfter++) {
    const disk = new PowerFiles();
    disk.seed("a/ecowatt", OLD_IMAGE);
    disk.seedLink("current", "a");
    disk.cutAfter = cutAfter;
    const gateway = new FirmwareGateway(newRelease);
    try {
      const io = installIo(disk, gateway);
      const wanted = await consider(newRelease.signed, io);
      assert.ok(wanted.ok);
      assert.ok((await bring(wanted.value, io, new AbortController().signal)).ok);
      await tryNext(wanted.value, io, true);
      break;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    const loss = LOSSES[cutAfter % LOSSES.length];
    assert.ok(loss);
    const left = disk.afterCut(loss);
    await using box = new Guarded();
    await materialise(left, box.slots);
    const guard = box.boot();
    await guard.exit;
    const model = await bootGuard(left, () => Promise.resolve("exit 1"));
    assert.match(guard.out(), /^(old|new)\n$/, `cut after ${cutAfter}: ${guard.err()}`);
    if (guard.out() === "old\n") assert.equal(model, "a");
    cuts++;
  }
  assert.ok(cuts > 20);
});
