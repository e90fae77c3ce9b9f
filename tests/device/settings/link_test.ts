import assert from "node:assert/strict";
import fc from "fast-check";
import { getLogger } from "@logtape/logtape";
import { busOf } from "../../../device/equipment/bus.ts";
import { type ConfiguredInverter, invertersOf } from "../../../device/equipment/inverters.ts";
import { NodeConfig } from "../../../device/config/node_config.ts";
import type { Poll } from "../../../device/inverter/poll.ts";
import { SettingsLink } from "../../../device/settings/link.ts";
import { NodeSettings } from "../../../device/settings/node_settings.ts";
import { SettingsStore } from "../../../device/settings/store.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import type { Exchange } from "../../../device/uplink/exchange.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { ConfigReport, type ReportUpdate } from "../../../protocol/settings/report.ts";
import { FakeClock } from "../../fakes/clock.ts";

const ok = (body: unknown): Exchange => ({ kind: "answer", status: 200, body });
const taken = ok({ status: "success", message: "taken" });
const nothing = ok({ Changed: false });

/** A node's settings beside a gateway that says what a test wants. Inverters are never polled. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly #stack = new AsyncDisposableStack();
  readonly #stop = new AbortController();
  readonly settings: NodeSettings;
  readonly #inverters: readonly ConfiguredInverter[];
  /** Reports that the gateway was sent, and how it answers them. */
  readonly reports: (readonly ReportUpdate[])[] = [];
  checks = 0;
  changes: () => Exchange = () => nothing;
  report: () => Exchange = () => taken;

  constructor(config: Partial<Record<string, unknown>> = {}) {
    const folder = Deno.makeTempDirSync();
    this.#stack.defer(() => Deno.removeSync(folder, { recursive: true }));
    const db = this.#stack.adopt(openNodeDatabase(`${folder}/node.sqlite`), (db) => db.close());
    const node = NodeConfig.parse({
      device_id: "roof",
      gateway: "http://gateway.test",
      buses: [{ tcp: { host: "127.0.0.1" }, inverters: [{}] }],
      ...config,
    });
    const { clock } = this;
    const log = getLogger(["test"]);
    const inverters = node.buses.flatMap((bus) =>
      invertersOf(bus, this.#stack.use(busOf(bus, { clock, log })), { clock })
    );
    this.#inverters = inverters;
    const store = new SettingsStore(db);
    this.settings = new NodeSettings({ config: node, inverters, store, clock, log });
    const link = new SettingsLink({
      device: "roof",
      settings: this.settings,
      gateway: { post: (path, message) => this.#post(path, message) },
      reports: store,
      clock,
      random: { float: () => 0.5 },
      log,
    });
    const running = link.run(this.#stop.signal);
    this.#stack.defer(() => running);
    this.#stack.defer(() => this.#stop.abort());
  }

  offer(version: number, values: unknown): void {
    this.changes = () => ok({ Changed: true, version, settings: values });
  }

  get pollMs(): number {
    return this.#inverters.map((inverter) => this.settings.poll(inverter).ms)[0] ?? 0;
  }

  /** Lets an upload pass at which every party has worked. */
  work(): void {
    const withheld = { absent: 0, missing: 0, range: 0, step: 0 };
    const poll: Poll = { kind: "read", at: 0, profile: ecowatt, columns: ["Vac1"], values: [2300], withheld };
    for (const inverter of this.#inverters) {
      this.settings.observer(inverter, { maySleep: () => false }).polled({ poll, beganAt: this.clock.monotonic() });
    }
    this.settings.atUpload();
  }

  /** The last report as parameter, status and reason. */
  get said(): readonly string[] {
    return (this.reports.at(-1) ?? []).map(({ parameter, status, error }) =>
      `${parameter} ${status}${error ? `: ${error}` : ""}`
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #post(path: string, message: unknown): Promise<Exchange> {
    const exchange = this.#answer(path, message);
    this.settings.exchanged({ path, exchange, beganAt: this.clock.monotonic(), tookMs: 0 });
    return Promise.resolve(exchange);
  }

  #answer(path: string, message: unknown): Exchange {
    if (path === "/changes") {
      this.checks++;
      return this.changes();
    }
    assert.equal(path, "/config/report");
    this.reports.push(ConfigReport.parse(message).updates);
    return this.report();
  }
}

Deno.test("the node asks every five seconds, some more, some less", async () => {
  await using bench = new Bench();
  await bench.clock.advance(60_000);
  assert.equal(bench.checks, 13);
});

/** Settings that a node must never apply, whoever sends them, and what it says of them. */
const HOSTILE: readonly (readonly [unknown, RegExp])[] = [
  [{ poll_interval_s: -1 }, /poll_frequency rejected: must be 0.1 to 3600 seconds/],
  [{ poll_interval_s: 0 }, /poll_frequency rejected: must be 0.1/],
  [{ poll_interval_s: 0.05 }, /poll_frequency rejected/],
  [{ poll_interval_s: 0.1234567 }, /poll_frequency rejected: must be whole milliseconds/],
  [{ poll_interval_s: 3601 }, /poll_frequency rejected/],
  [{ poll_interval_s: 1e308 }, /poll_frequency rejected/],
  [{ poll_interval_s: "2" }, /poll_frequency rejected: .*expected number/],
  [{ poll_interval_s: null }, /poll_frequency rejected: .*expected number/],
  [{ poll_interval_s: 60 }, /poll_frequency rejected: .*upload interval/],
  [{ upload_interval_s: 0.5 }, /upload_frequency rejected/],
  [{ upload_interval_s: 86_401 }, /upload_frequency rejected/],
  [{ upload_interval_s: 2 ** 53 }, /upload_frequency rejected/],
  [{ registers: [] }, /register_list rejected/],
  [{ registers: ["nonsense"] }, /register_list rejected: .*nonsense/],
  [{ registers: ["Vac1", "vac1"] }, /register_list rejected: .*twice/],
  [{ registers: Array.from({ length: 65 }, (_, i) => `R${i}`) }, /register_list rejected/],
  [{ registers: Array.from({ length: 10_000 }, () => "Vac1") }, /register_list rejected/],
  [{ registers: ["x".repeat(100_000)] }, /register_list rejected/],
  [{ registers: "Vac1" }, /register_list rejected/],
  [[], /rejected/],
  ["settings", /rejected/],
  [7, /rejected/],
];

Deno.test("what no node may do is rejected with the reason, once, and never applied", async () => {
  for (const [values, reason] of HOSTILE) {
    await using bench = new Bench();
    const settings = typeof values === "object" && !Array.isArray(values) ? { version: 7, ...values } : values;
    bench.offer(7, settings);
    await bench.clock.advance(1_000);
    assert.match(bench.said.join("\n"), reason, JSON.stringify(values).slice(0, 100));
    assert.ok(bench.reports[0]?.every(({ version }) => version === 7));
    bench.changes = () => ok({ Changed: false, version: 7, settings });
    await bench.clock.advance(20_000);
    bench.settings.atUpload();
    const { inForce, pending } = bench.settings.status();
    assert.deepEqual([inForce, pending, bench.reports.length, bench.settings.upload.ms], [null, null, 1, 30_000]);
  }
});

Deno.test("no settings that a node takes keep it from polling and uploading within a day", async () => {
  await using bench = new Bench();
  const seconds = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 900_000 }).map((tenths) => tenths / 10) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 600 }).map((tenths) => tenths / 10) },
    fc.double({ noNaN: true, min: -10, max: 100_000 }),
    fc.constantFrom(0, -0, 0.1, 1, 3_600, 86_400, 1e21, Infinity),
  );
  const names = fc.oneof(
    { weight: 3, arbitrary: fc.subarray(["Vac1", "Pac", "REG_TEMP"]) },
    fc.array(fc.constantFrom("Vac1", "Pac", "nonsense", ""), { maxLength: 12 }),
  );
  const values = fc.record({ poll_interval_s: seconds, upload_interval_s: seconds, registers: names }, {
    requiredKeys: [],
  });
  let taken = 0;
  for (const [index, offered] of fc.sample(values, { numRuns: 1_000, seed: 3 }).entries()) {
    bench.changes = () => ok({ Changed: true, version: index + 1, settings: { version: index + 1, ...offered } });
    await bench.clock.advance(5_000);
    bench.work();
    const { inForce } = bench.settings.status();
    if (inForce?.version === index + 1) taken++;
    const [pollMs, uploadMs] = [bench.pollMs, bench.settings.upload.ms];
    assert.ok(
      pollMs >= 100 && pollMs <= 3_600_000 && uploadMs >= 1_000 && uploadMs <= 86_400_000,
      `${pollMs} ${uploadMs}`,
    );
    assert.ok(uploadMs >= pollMs, JSON.stringify(offered));
    assert.ok((inForce?.registers ?? ["Vac1"]).some((name) => ["Vac1", "Pac", "Temp"].includes(name)));
  }
  assert.ok(taken > 100 && taken < 900, `${taken} taken`);
});

Deno.test("an answer that is none is passed over", async () => {
  const answers: readonly Exchange[] = [
    ok(undefined),
    ok({}),
    ok({ Changed: true }),
    ok({ Changed: true, version: -1, settings: { poll_interval_s: 1 } }),
    ok({ Changed: true, version: 1.5, settings: { poll_interval_s: 1 } }),
    ok({ Changed: true, version: 0, settings: { version: 0 } }),
    { kind: "unproven", status: 200, message: "unsigned" },
    { kind: "unproven", status: 404, message: "no such path" },
    { kind: "answer", status: 503, body: {}, retryAfterMs: 1_000 },
    { kind: "unreachable", message: "refused" },
  ];
  for (const answer of answers) {
    await using bench = new Bench();
    bench.changes = () => answer;
    await bench.clock.advance(12_000);
    assert.deepEqual([bench.reports.length, bench.settings.status().pending], [0, null], JSON.stringify(answer));
    assert.ok(bench.checks >= 2);
  }
});

Deno.test("keys of a newer gateway are passed over", async () => {
  await using bench = new Bench();
  bench.offer(3, { version: 3, poll_interval_s: 1, night_mode: true });
  await bench.clock.advance(1_000);
  assert.deepEqual(bench.settings.status().pending, { version: 3, poll_interval_s: 1 });
});

Deno.test("a report is sent until it is answered, in order, and again when the gateway lost it", async () => {
  await using bench = new Bench();
  bench.report = () => ({ kind: "unreachable", message: "away" });
  bench.offer(1, { version: 1, poll_interval_s: 1 });
  await bench.clock.advance(1_000);
  bench.offer(2, { version: 2, poll_interval_s: 3 });
  await bench.clock.advance(10_000);
  assert.equal(bench.settings.status().pending?.version, 1, "nothing new is asked for before the old is told");
  bench.report = () => taken;
  await bench.clock.advance(5_000);
  const versions = bench.reports.flatMap((updates) => updates.map(({ version }) => version));
  assert.deepEqual([...new Set(versions)], [1, 2]);
  assert.equal(bench.settings.status().pending?.version, 2);
  const before = bench.reports.length;
  await bench.clock.advance(5_000);
  assert.equal(bench.reports.length, before + 1, "Changed, though it was reported: told again");
  assert.deepEqual(bench.said, ["poll_frequency accepted", "upload_frequency accepted", "register_list accepted"]);
  bench.changes = () => ok({ Changed: false, version: 2, settings: { version: 2, poll_interval_s: 3 } });
  await bench.clock.advance(20_000);
  assert.equal(bench.reports.length, before + 1);
});

Deno.test("a report that the gateway refuses does not stand in the way of what comes", async () => {
  await using bench = new Bench();
  bench.report = () => ({ kind: "answer", status: 400, body: { detail: "unknown parameter" } });
  bench.offer(1, { version: 1, poll_interval_s: 1 });
  await bench.clock.advance(1_000);
  bench.changes = () => nothing;
  await bench.clock.advance(20_000);
  assert.deepEqual([bench.reports.length, bench.checks], [1, 5]);
});

Deno.test("polls that a serial line has no time for are refused", async () => {
  const serial = (baud: number) => ({
    buses: [{ serial: { path: "/dev/null", baud }, inverters: [{ name: "a" }, { name: "b", unit: 18 }] }],
  });
  for (const [baud, seconds, refused] of [[9_600, 0.1, true], [9_600, 1, false], [115_200, 0.1, false]] as const) {
    await using bench = new Bench(serial(baud));
    bench.offer(1, { version: 1, poll_interval_s: seconds });
    await bench.clock.advance(1_000);
    assert.equal(bench.settings.status().pending === null, refused, `${baud} ${seconds}`);
    if (refused) assert.match(bench.said[0] ?? "", /poll_frequency rejected: the line .* is not fast enough/);
  }
});
