import assert from "node:assert/strict";
import { join } from "node:path";
import { writableInverter } from "../device/command/writable_inverter.ts";
import { countingInverter, countOf } from "./counting_inverter.ts";
import { nextRelease } from "./next_release.ts";
import { until } from "./process.ts";
import { ask, samples } from "./site.ts";
import { type Box, exists, openBox, PRODUCT, script, shellWords, updateSite } from "./update_site.ts";

const good = (version: string) => script(version, `exec ${PRODUCT} "$@"`);
/** What an image on trial says that it lacks. */
const ONLY_GATEWAY = /^[0-9a-f]+\nthe gateway was not reached\n$/;
const lacks = (box: Box) => Deno.readTextFile(join(box.slots, "lacks")).catch(() => "");
const slotOf = (box: Box) => Deno.readLink(join(box.slots, "current"));

Deno.test("a gateway that is away for the whole trial costs no release: tried again once it is back", async () => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  await site.release("2.0.1", script("2.0.1", `echo "$ECOWATT_TRIAL" >>"$5/trials"\nexec ${PRODUCT} "$@"`));
  const update = ["soak: 1s", "attempts: 1"];
  await using box = await openBox(site, "roof", { inverter: inverter.port, update });
  const away = (async () => {
    await until(
      "the last report before the trial",
      async () => (await site.firmware("roof")).state === "verified" || undefined,
    );
    await site.away();
  })();
  await site.offer("roof", "2.0.1");
  box.look();
  await away;
  await until("a trial that lacks the gateway only", async () => ONLY_GATEWAY.test(await lacks(box)) || undefined);
  Deno.kill(box.pid() ?? 0, "SIGUSR1"); // so the boot guard's watcher tells it that the window is over
  await until(
    "the old image",
    () => Promise.resolve(/tried again when the gateway answers/.test(box.said()) || undefined),
  );
  assert.equal(await slotOf(box), "a");
  await site.back();
  box.look();
  const ended = await site.ended("roof");
  assert.equal(ended.state, "confirmed", box.said());
  assert.equal(await slotOf(box), "b");
  assert.ok((await Deno.readTextFile(join(box.dataDir, "trials"))).trim().split("\n").length >= 2);
});

interface Commands {
  readonly commands: readonly { readonly status: string; readonly hand_outs: number }[];
}

Deno.test("a command under way when an update wants to restart: it ends first, is executed once and reported", async () => {
  await using site = await updateSite();
  await using inverter = writableInverter();
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  inverter.onWrite = {
    before: () => {
      begun.resolve();
      return held.promise;
    },
  };
  await site.release("2.0.1", good("2.0.1"));
  const bus = ["timing: { timeout: 50s, min_timeout: 50s }"];
  await using box = await openBox(site, "roof", { inverter: inverter.port, bus });
  await until("the first samples", async () => (await samples(site.url, site.token, "roof"))[0]);
  await site.post("/command/queue", {
    device_id: "roof",
    command_type: "set_power",
    parameters: { power_value: 40 },
  });
  await begun.promise;
  await site.offer("roof", "2.0.1");
  box.look();
  await until("the wish to restart", () => Promise.resolve(/is complete: restarting/.test(box.said()) || undefined));
  assert.doesNotMatch(box.said(), /trial of slot/);
  held.resolve();
  assert.equal((await site.ended("roof")).state, "confirmed", box.said());
  assert.deepEqual(inverter.written, [40]);
  const { commands } = await ask<Commands>(site.url, site.token, "/command/history?device_id=roof");
  assert.deepEqual(commands.map(({ status, hand_outs }) => [status, hand_outs]), [["completed", 1]]);
});

Deno.test("a next release that migrates the database and fails is rolled back without a sample lost or twice", async () => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  const next = await nextRelease(join(site.folder, "next"), "2.0.1");
  const polledEnough = `while [ ! -e "$5/polled" ]; do sleep 0.1; done`;
  const body = `${shellWords(next)} "$@" & child=$!; ${polledEnough}; kill -TERM $child; wait $child; exit 1`;
  await site.release("2.0.1", script("2.0.1", body));
  const update = ["attempts: 1", "soak: 50s"];
  await using box = await openBox(site, "roof", { inverter: inverter.port, update });
  await until("samples of the old image", async () => (await samples(site.url, site.token, "roof"))[5]);
  await site.offer("roof", "2.0.1");
  box.look();
  const says = (words: RegExp) => Promise.resolve(words.test(box.said()) || undefined);
  await until("the next release", () => says(/the next release runs on its own schema/));
  const begun = inverter.answered();
  await until("what it polls", () => Promise.resolve(inverter.answered() > begun + 5 || undefined));
  await Deno.writeTextFile(join(box.dataDir, "polled"), "");
  assert.equal((await site.ended("roof")).state, "rolled_back");
  assert.match(box.said(), /went back to the schema before the update/);
  const polled = inverter.answered();
  await until("samples of the old image again", async () => {
    const points = await samples(site.url, site.token, "roof");
    return points.length > 0 && counted(points).some((count) => count > polled) ? true : undefined;
  });
  const counts = counted(await samples(site.url, site.token, "roof"));
  assert.equal(new Set(counts).size, counts.length, "none twice");
  const missing = Array.from({ length: Math.max(...counts) }, (_, count) => count).filter((count) =>
    !counts.includes(count)
  );
  assert.ok(missing.length <= 4, `an answer that came during a stop may be lost, not ${missing.length}: ${missing}`);
  assert.equal(await exists(join(box.dataDir, "node/node.sqlite.before")), false);
  assert.equal(await exists(join(box.dataDir, "node/node.sqlite.newer")), false);
});

function counted(points: Awaited<ReturnType<typeof samples>>): readonly number[] {
  return points.map(({ values }) => countOf(Math.round(10 * (values["Vpv1"] ?? 0)), values["Pac"] ?? -1));
}

Deno.test("a next release that migrates the database and is good keeps the new schema, and no copy", async () => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  const next = await nextRelease(join(site.folder, "next"), "2.0.1");
  await site.release("2.0.1", script("2.0.1", `exec ${shellWords(next)} "$@"`));
  await using box = await openBox(site, "roof", { inverter: inverter.port, update: ["soak: 4s"] });
  await site.offer("roof", "2.0.1");
  box.look();
  await until("the copy", async () => await exists(join(box.dataDir, "node/node.sqlite.before")) || undefined);
  assert.equal((await site.ended("roof")).state, "confirmed", box.said());
  assert.equal(await exists(join(box.dataDir, "node/node.sqlite.before")), false);
});
