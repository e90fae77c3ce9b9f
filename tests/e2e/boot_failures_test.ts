import assert from "node:assert/strict";
import { join } from "node:path";
import { utf8 } from "../../crypto/bytes.ts";
import { countingInverter } from "./counting_inverter.ts";
import { until } from "./process.ts";
import { exists, foreignElf, openBox, PRODUCT, script, type UpdateSite, updateSite } from "./update_site.ts";

interface Failure {
  /** What the image does once it passed every check. */
  readonly body?: string;
  /** What is found in its place when it is to start. */
  readonly corrupted?: Uint8Array;
  readonly update?: readonly string[];
  readonly reason: RegExp;
  /** Among the last lines of log. */
  readonly log?: RegExp;
}

/** Boxes that run at once: more would keep each other from starting in their window. */
const LANES = 4;

const once = ["attempts: 1", "confirm_within: 15s"];
const deaf = (inverter: number) =>
  `sed 's/port: ${inverter}/port: 9/' "$3" >"$5/deaf.yaml"; chmod 600 "$5/deaf.yaml"
exec ${PRODUCT} node --config "$5/deaf.yaml" --data-dir "$5"`;

const FAILURES: Readonly<Record<string, (inverter: number) => Failure>> = {
  "zero bytes": () => ({ corrupted: new Uint8Array(), reason: /not a program for this machine/ }),
  "a text file": () => ({ corrupted: utf8("echo I am a text\n"), reason: /not a program for this machine/ }),
  "wrong architecture": () => ({ corrupted: foreignElf(), reason: /not a program for this machine/ }),
  "exit 1": () => ({
    body: "echo cannot find my libraries >&2; exit 1",
    reason: /2 failures, the last: exit 1/,
    log: /cannot find my libraries/,
  }),
  "segmentation fault": () => ({ body: "kill -SEGV $$", reason: /signal 11/ }),
  "hangs before listening": () => ({
    body: "echo waiting for nothing >&2; while :; do sleep 0.3; done",
    update: once,
    reason: /not confirmed in 15 s/,
    log: /waiting for nothing/,
  }),
  "runs but never confirms": (inverter) => ({
    body: deaf(inverter),
    update: once,
    reason: /not confirmed in 15 s/,
    log: /node started/,
  }),
  "crash loop after a while": () => ({
    body: `${PRODUCT} "$@" & sleep 2; kill -KILL $!; echo dead after a while >&2; exit 3`,
    update: ["soak: 20s"],
    reason: /2 failures, the last: exit 3/,
    log: /dead after a while/,
  }),
};

/** Images that the node finds out before it would start them. */
const REFUSED: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "a text file, refused before the switch": utf8("echo I am a text\n"),
  "wrong architecture, refused before the switch": foreignElf(),
  "another version than it says, refused before the switch": script("1.2.3", `exec ${PRODUCT} "$@"`),
};

async function failing(site: UpdateSite, number: number, inverter: number, failure: Failure): Promise<void> {
  const [device, version] = [`box${number}`, `2.0.${number}`];
  await site.release(version, script(version, failure.body ?? "exit 1"));
  const { corrupted, update = [] } = failure;
  await using box = await openBox(site, device, { inverter, update, ...(corrupted ? { corrupted } : {}) });
  await site.offer(device, version);
  box.look();
  const ended = await site.ended(device).catch((error) => Promise.reject(new Error(`${error}\n${box.said()}`)));
  assert.equal(ended.state, "rolled_back", box.said());
  assert.match(ended.reason ?? "", failure.reason);
  const event = ended.events.find(({ kind }) => kind === "rolled_back");
  assert.match(event?.detail ?? "", failure.reason);
  if (failure.log) assert.match(event?.detail?.split("\n").slice(1).join("\n") ?? "", failure.log);
  assert.equal(await Deno.readLink(join(box.slots, "current")), "a", "back on the old image");
  assert.equal(await exists(join(box.slots, "trial")), false);
  await notAgain(site, device, version, box);
}

/** The same image is offered once more: it is refused for what it did, and not started. */
async function notAgain(site: UpdateSite, device: string, version: string, box: Awaited<ReturnType<typeof openBox>>) {
  await site.offer(device, version);
  await until("the refusal", async () => {
    box.look();
    const { events } = await site.firmware(device);
    return events.find(({ detail }) => detail?.includes("known_bad"));
  });
  assert.equal(await exists(join(box.slots, "trial")), false);
}

async function refused(site: UpdateSite, number: number, inverter: number, image: Uint8Array<ArrayBuffer>) {
  const [device, version] = [`box${number}`, `2.0.${number}`];
  await site.release(version, image);
  await using box = await openBox(site, device, { inverter });
  await site.offer(device, version);
  box.look();
  const ended = await site.ended(device);
  assert.equal(ended.state, "failed");
  assert.match(ended.reason ?? "", /program: /);
  assert.equal(await exists(join(box.slots, "b/ecowatt")), false, "there is nothing that could be started");
  assert.doesNotMatch(box.said(), /trial of slot/);
}

Deno.test("images that fail at boot in every way: the old image is back, says why, and does not try them again", async (t) => {
  await using site = await updateSite();
  await using inverter = countingInverter();
  const cases: readonly (readonly [string, (number: number) => Promise<void>])[] = [
    ...Object.entries(FAILURES).map(([name, failure]) =>
      [name, (n: number) => failing(site, n, inverter.port, failure(inverter.port))] as const
    ),
    ...Object.entries(REFUSED).map(([name, image]) =>
      [name, (n: number) => refused(site, n, inverter.port, image)] as const
    ),
  ];
  const results = new Map<string, PromiseSettledResult<void>>();
  const waiting = cases.entries();
  const lane = async () => {
    for (const [index, [name, test]] of waiting) {
      const [result] = await Promise.allSettled([test(index + 1)]);
      results.set(name, result);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const [name, result] of results) {
    await t.step(name, () => {
      if (result.status === "rejected") throw result.reason;
    });
  }
  await t.step("zero bytes cannot even be added", async () => {
    await assert.rejects(site.release("2.9.9", new Uint8Array()), /empty/);
  });
});
