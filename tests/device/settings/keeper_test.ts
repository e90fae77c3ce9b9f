import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { Period } from "../../../device/acquisition/period.ts";
import { keepSchedule } from "../../../device/acquisition/schedule.ts";
import { SettingsKeeper } from "../../../device/settings/keeper.ts";
import { SettingsStore } from "../../../device/settings/store.ts";
import type { Attempt } from "../../../device/settings/trial.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import type { SettingsRefusal } from "../../../protocol/settings/rules.ts";
import type { Settings } from "../../../protocol/settings/settings.ts";
import { FakeClock } from "../../fakes/clock.ts";

const worked: Attempt = { kind: "worked" };
const silent: Attempt = { kind: "failed", message: "no answer", refused: false };
const refused: Attempt = { kind: "failed", message: "illegal address", refused: true };

const UPLOAD_MS = 60_000;
const POLL_MS = 20_000;
const CHECK_MS = 30_000;

/** How the world answers at a moment under the settings that are in force. */
interface World {
  readonly inverter?: (at: number, version: number) => Attempt;
  readonly gateway?: (at: number, version: number) => Attempt;
  readonly refusals?: (settings: Settings) => readonly SettingsRefusal[];
}

/** A node's settings on a clock: polls every 20 s, requests every 30 s, uploads every minute, on a real database. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly #folder = Deno.makeTempDirSync();
  readonly #world: World;
  #db = openNodeDatabase(`${this.#folder}/node.sqlite`);
  #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  store = new SettingsStore(this.#db);
  keeper: SettingsKeeper;
  /** Whether the disk takes anything. */
  disk = true;
  /** Every version that came into force, with its moment. */
  readonly forced: [number, number][] = [];

  constructor(world: World = {}) {
    this.#world = world;
    this.keeper = this.#start();
  }

  get inForce(): number {
    return this.keeper.state().inForce?.version ?? 0;
  }

  offer(version: number, values: Omit<Settings, "version"> = { poll_interval_s: 100 + version }): boolean {
    return this.keeper.offer({ kind: "settings", settings: { version, ...values } });
  }

  /** Kills the node and starts it again on the same disk. */
  async restart(): Promise<void> {
    await this.#halt();
    this.#db = openNodeDatabase(`${this.#folder}/node.sqlite`);
    this.store = new SettingsStore(this.#db);
    this.keeper = this.#start();
    await this.clock.advance(0);
  }

  /** What was reported, in order: `poll_frequency` only, the others go along. */
  get words(): readonly string[] {
    return this.store.unreported().filter(({ update }) => update.parameter === "poll_frequency")
      .map(({ update }) => `${update.version} ${update.status}`);
  }

  get reasons(): readonly string[] {
    return this.store.unreported().flatMap(({ update }) => update.error ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#halt();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  async #halt(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#db.close();
  }

  #start(): SettingsKeeper {
    const { clock } = this;
    const world = this.#world;
    const keeper = new SettingsKeeper({
      store: {
        load: () => this.store.load(),
        keep: (step) => {
          if (!this.disk) throw new Error("the disk is full");
          this.store.keep(step);
        },
      },
      parties: ["gateway", "inverter roof"],
      refusals: (settings) => world.refusals?.(settings) ?? [],
      putInForce: (settings) => this.forced.push([settings?.version ?? 0, clock.monotonic()]),
      clock,
      log: getLogger(["test"]),
    });
    const version = () => keeper.state().inForce?.version ?? 0;
    const poll = () =>
      keeper.attempted("inverter roof", world.inverter?.(clock.monotonic(), version()) ?? worked, keeper.era);
    const ask = () => keeper.attempted("gateway", world.gateway?.(clock.monotonic(), version()) ?? worked, keeper.era);
    this.#stop = new AbortController();
    const io = { clock, signal: this.#stop.signal };
    this.#running = Promise.all([
      keepSchedule({ period: new Period(UPLOAD_MS), run: () => keeper.atUpload() }, io),
      keepSchedule({ period: new Period(POLL_MS), run: poll }, io),
      keepSchedule({ period: new Period(CHECK_MS), run: ask }, io),
    ]);
    return keeper;
  }
}

const minutes = (count: number) => count * 60_000;
const MIN = minutes(1);

Deno.test("settings come into force at the next upload, are reported and prove themselves", async () => {
  await using bench = new Bench();
  await bench.clock.advance(1_000);
  assert.equal(bench.offer(1), true);
  assert.deepEqual(bench.words, ["1 accepted"]);
  await bench.clock.advance(MIN - 1_500);
  assert.deepEqual([bench.inForce, bench.forced], [0, []]);
  await bench.clock.advance(1_000);
  assert.deepEqual(bench.forced, [[1, MIN]]);
  assert.deepEqual(bench.words, ["1 accepted", "1 applied"]);
  assert.equal(bench.keeper.state().good, null);
  await bench.clock.advance(MIN);
  assert.deepEqual([bench.keeper.state().good?.version, bench.keeper.state().trial], [1, null]);
});

Deno.test("what was dealt with is not dealt with again; the same content is a new number only", async () => {
  await using bench = new Bench();
  bench.offer(1);
  await bench.clock.advance(minutes(3));
  assert.deepEqual([bench.offer(1), bench.words], [false, ["1 accepted", "1 applied"]]);
  assert.equal(bench.offer(2, { poll_interval_s: 101 }), true);
  assert.deepEqual(bench.words.slice(2), ["2 applied"]);
  await bench.clock.advance(minutes(3));
  assert.deepEqual([bench.inForce, bench.forced.length], [2, 1]);
});

Deno.test("what is rejected never comes into force, and every parameter says why", async () => {
  const refusals = [{ key: "poll_interval_s", message: "too fast" }] as const;
  await using bench = new Bench({ refusals: ({ version }) => version === 1 ? refusals : [] });
  bench.offer(1, { poll_interval_s: 0.01, upload_interval_s: 60 });
  await bench.clock.advance(minutes(5));
  assert.deepEqual([bench.inForce, bench.forced, bench.offer(1, { poll_interval_s: 0.01, upload_interval_s: 60 })], [
    0,
    [],
    false,
  ]);
  assert.deepEqual(
    bench.store.unreported().map(({ update: { parameter, status, error } }) => [parameter, status, error]),
    [
      ["poll_frequency", "rejected", "too fast"],
      ["upload_frequency", "rejected", "not applied, because poll_frequency was refused"],
      ["register_list", "applied", undefined],
    ],
  );
});

/** What becomes of version 2, offered at minute 10 over a good version 1. `undefined`: neither good nor reverted a quarter of an hour later. */
const CASES: readonly (World & {
  readonly name: string;
  readonly becomes: "good" | "reverted" | "open";
  /** Minutes from coming into force to the revert. */
  readonly after?: number;
})[] = [
  { name: "everything works", becomes: "good" },
  {
    name: "the inverter is silent under it",
    inverter: (_, v) => v === 2 ? silent : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "the inverter refuses under it",
    inverter: (_, v) => v === 2 ? refused : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "the gateway is not reached under it",
    gateway: (_, v) => v === 2 ? silent : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "the inverter chokes after some polls",
    inverter: (at, v) => v === 2 && at > minutes(11) + 35_000 ? silent : worked,
    becomes: "reverted",
    after: 3,
  },
  {
    name: "a night that began before",
    inverter: (at) => at > minutes(8) ? silent : worked,
    becomes: "open",
  },
  {
    name: "a night that began before, and ends",
    inverter: (at) => at > minutes(8) && at < minutes(20) ? silent : worked,
    becomes: "good",
  },
  {
    name: "a night that began before, and an inverter that refuses in the morning",
    inverter: (at, v) => at > minutes(8) && at < minutes(20) ? silent : v === 2 ? refused : worked,
    becomes: "reverted",
    after: 12,
  },
  {
    name: "an inverter that refused before as well",
    inverter: (at) => at > minutes(8) ? refused : worked,
    becomes: "open",
  },
  {
    name: "an outage of the gateway that began before it came into force",
    gateway: (at) => at > minutes(10) + 20_000 && at < minutes(18) ? silent : worked,
    becomes: "good",
  },
  {
    name: "an outage that begins when it has proved itself",
    gateway: (at) => at > minutes(12) + 20_000 ? silent : worked,
    becomes: "good",
  },
  {
    name: "a short outage right after",
    gateway: (at) => at > minutes(11) && at < minutes(12) + 30_000 ? silent : worked,
    becomes: "good",
  },
];

for (const { name, becomes, after, ...world } of CASES) {
  Deno.test(`${name}: ${becomes}`, async () => {
    await using bench = new Bench(world);
    bench.offer(1);
    await bench.clock.advance(minutes(10) + 10_000);
    assert.equal(bench.keeper.state().good?.version, 1);
    bench.offer(2);
    await bench.clock.advance(minutes(16));
    const { good, trial } = bench.keeper.state();
    const is = trial !== null ? "open" : good?.version === 2 ? "good" : "reverted";
    assert.equal(is, becomes);
    const reverts = becomes === "reverted" ? [[1, minutes(11 + (after ?? 0))]] : [];
    assert.deepEqual(bench.forced, [[1, MIN], [2, minutes(11)], ...reverts]);
    assert.deepEqual(bench.words.slice(2), ["2 accepted", "2 applied", ...(reverts.length > 0 ? ["2 reverted"] : [])]);
    assert.equal(bench.reasons.length > 0, becomes === "reverted");
    assert.equal(bench.offer(2), false, "the same offer again changes nothing");
  });
}

Deno.test("settings that follow failing ones have to work too, and the last good ones come back", async () => {
  await using bench = new Bench({ inverter: (_, version) => version >= 2 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(minutes(5));
  bench.offer(2);
  await bench.clock.advance(minutes(2));
  bench.offer(3);
  await bench.clock.advance(minutes(10));
  assert.deepEqual(bench.forced.map(([version]) => version), [1, 2, 3, 1]);
  assert.deepEqual(bench.words.slice(-1), ["3 reverted"]);
});

Deno.test("going back to the last good settings by hand needs no trial", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 2 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(minutes(5));
  bench.offer(2);
  await bench.clock.advance(minutes(2));
  bench.offer(3, { poll_interval_s: 101 });
  await bench.clock.advance(MIN);
  assert.deepEqual([bench.inForce, bench.keeper.state().trial, bench.keeper.state().good?.version], [3, null, 3]);
});

Deno.test("a node killed after any step goes on from there, nothing lost and nothing twice", async () => {
  for (let killed = 0; killed < 5; killed++) {
    await using bench = new Bench();
    const steps = [
      () => void bench.offer(1),
      () => bench.store.acknowledge(bench.store.unreported()),
      () => bench.clock.advance(MIN),
      () => bench.store.acknowledge(bench.store.unreported()),
      () => bench.clock.advance(MIN),
    ];
    await bench.clock.advance(10_000);
    const reported: string[] = [];
    for (const [index, step] of steps.entries()) {
      reported.push(...bench.words.filter((word) => !reported.includes(word)));
      await step();
      if (index === killed) await bench.restart();
    }
    reported.push(...bench.words.filter((word) => !reported.includes(word)));
    await bench.clock.advance(minutes(2));
    assert.deepEqual(reported, ["1 accepted", "1 applied"], `killed after step ${killed}`);
    assert.deepEqual(bench.forced.map(([version]) => version), [1]);
    assert.deepEqual([bench.inForce, bench.keeper.state().good?.version], [1, 1]);
    assert.equal(bench.offer(1), false);
  }
});

Deno.test("an attempt that began before the change says nothing about it", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 1 ? silent : worked });
  await bench.clock.advance(1_000);
  const { era } = bench.keeper;
  bench.offer(1);
  for (let upload = 1; upload <= 4; upload++) {
    await bench.clock.advance(MIN - 1);
    for (let poll = 0; poll < 20; poll++) bench.keeper.attempted("inverter roof", worked, upload === 1 ? 99 : era);
    await bench.clock.advance(1);
  }
  assert.deepEqual([bench.inForce, bench.words.at(-1)], [0, "1 reverted"]);
});

Deno.test("a disk that refuses leaves everything as it was; the next upload tries again", async () => {
  await using bench = new Bench();
  await bench.clock.advance(1_000);
  bench.offer(1);
  bench.disk = false;
  assert.throws(() => bench.offer(2), /disk/);
  await bench.clock.advance(minutes(2));
  assert.deepEqual([bench.inForce, bench.forced, bench.words], [0, [], ["1 accepted"]]);
  bench.disk = true;
  await bench.clock.advance(MIN);
  assert.deepEqual([bench.inForce, bench.words], [1, ["1 accepted", "1 applied"]]);
});

Deno.test("settings that the restarted node cannot work under are reverted as well", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 1 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(MIN + 30_000);
  await bench.restart();
  await bench.clock.advance(minutes(2));
  assert.equal(bench.inForce, 1);
  await bench.clock.advance(minutes(1) + 1_000);
  assert.deepEqual([bench.inForce, bench.words.at(-1)], [0, "1 reverted"]);
});

Deno.test("settings under which the node keeps dying are reverted when it starts for the fifth time", async () => {
  await using bench = new Bench({ inverter: (_, version) => version === 1 ? silent : worked });
  bench.offer(1);
  await bench.clock.advance(MIN + 1_000);
  for (let start = 1; start <= 4; start++) {
    await bench.restart();
    await bench.clock.advance(5_000);
    assert.equal(bench.inForce, 1);
  }
  await bench.restart();
  assert.deepEqual([bench.inForce, bench.words.at(-1)], [0, "1 reverted"]);
  assert.match(bench.reasons.at(-1) ?? "", /started 5 times/);
});

Deno.test("starts do not count against settings that only wait for the morning", async () => {
  await using bench = new Bench({ inverter: () => silent });
  bench.offer(1);
  for (let start = 0; start < 10; start++) {
    await bench.clock.advance(minutes(2));
    await bench.restart();
  }
  assert.equal(bench.inForce, 1);
});
