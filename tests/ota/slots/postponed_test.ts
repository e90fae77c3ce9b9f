import assert from "node:assert/strict";
import { arm, currentSlot, readTrial, say, settle } from "../../../ota/slots/slots.ts";
import { loadState } from "../../../ota/slots/state.ts";
import type { Lack } from "../../../ota/slots/health.ts";
import { bring, consider, tryNext } from "../../../ota/updater/install.ts";
import { FirmwareGateway } from "../../fakes/firmware.ts";
import { PowerFiles } from "../../fakes/power.ts";
import { utf8 } from "../../../crypto/bytes.ts";
import { installIo, newRelease, OLD_IMAGE } from "../machine.ts";

const never = new AbortController().signal;
const GATEWAY: Lack = "gateway_not_reached";

/** A machine that runs the old image from slot a. */
class Machine {
  readonly disk = new PowerFiles();
  readonly gateway = new FirmwareGateway(newRelease);

  constructor() {
    this.disk.seed("a/ecowatt", OLD_IMAGE);
    this.disk.seedLink("current", "a");
  }

  /** The old image asks the gateway, and takes what is offered. How it ends. */
  async update(): Promise<string> {
    const io = installIo(this.disk, this.gateway);
    const wanted = await consider(newRelease.signed, io);
    if (!wanted.ok) return wanted.fault;
    const brought = await bring(wanted.value, io, never);
    if (!brought.ok) return brought.fault;
    await tryNext(brought.value, io, true);
    return "on trial";
  }

  /** The new image lacks something until the boot guard gives it up; then the old one starts. */
  async trial(lacks: readonly Lack[], reason = "not confirmed in 600 s") {
    const trial = await readTrial(this.disk);
    assert.ok(trial);
    await say(this.disk, trial, lacks);
    await this.disk.write("attempts", 0, utf8(`${trial.image} ${trial.limit} ${trial.limit} ${reason}\n`));
    return await settle(this.disk, { kind: "committed", slot: "a" });
  }
}

Deno.test("an image to which only the gateway was missing waits, and is tried again without another download", async () => {
  const machine = new Machine();
  await machine.update();
  assert.equal((await machine.trial([GATEWAY])).kind, "postponed");
  assert.equal(await readTrial(machine.disk), undefined, "the old image runs meanwhile");
  const chunks = machine.gateway.chunks.length;
  assert.equal(await machine.update(), "on trial");
  assert.equal(machine.gateway.chunks.length, chunks);
  const { reports, bad, pending } = await loadState(machine.disk);
  assert.deepEqual([reports.map(({ kind }) => kind), bad, pending?.sequence], [["verify"], [], 2]);
});

Deno.test("an image that never reaches the gateway, while the old one does, is its own fault at the third time", async () => {
  const machine = new Machine();
  const ends: string[] = [];
  for (let time = 0; time < 3; time++) {
    assert.equal(await machine.update(), "on trial");
    ends.push((await machine.trial([GATEWAY])).kind);
  }
  assert.deepEqual(ends, ["postponed", "postponed", "rolled_back"]);
  assert.equal(await machine.update(), "known_bad");
  assert.equal(await currentSlot(machine.disk), "a");
  const { reports, postponed } = await loadState(machine.disk);
  assert.deepEqual(reports.map(({ kind }) => kind), ["verify", "complete"]);
  assert.equal(postponed, undefined);
});

const FAULTS: readonly (readonly [string, readonly Lack[], string?])[] = [
  ["no inverter answered either", ["no_inverter_answered", GATEWAY]],
  ["nothing was stored", [GATEWAY, "nothing_stored"]],
  ["it had not run long enough", [GATEWAY, "not_run_long_enough"]],
  ["it lacked nothing and was not confirmed", []],
  ["it crashed", [GATEWAY], "signal 11"],
];
for (const [name, lacks, reason] of FAULTS) {
  Deno.test(`an image is rolled back at once when ${name}`, async () => {
    const machine = new Machine();
    await machine.update();
    assert.equal((await machine.trial(lacks, reason)).kind, "rolled_back");
    assert.equal(await machine.update(), "known_bad");
  });
}

Deno.test("what another image lacked says nothing about this one", async () => {
  const machine = new Machine();
  await say(machine.disk, { slot: "b", image: "ab", limit: 1, windowS: 1 }, [GATEWAY]);
  await machine.update();
  const trial = await readTrial(machine.disk);
  assert.ok(trial);
  await arm(machine.disk, trial);
  await machine.disk.write("attempts", 0, utf8(`${trial.image} 2 2 not confirmed in 600 s\n`));
  assert.equal((await settle(machine.disk, { kind: "committed", slot: "a" })).kind, "rolled_back");
});
