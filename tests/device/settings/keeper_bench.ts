import { getLogger } from "@logtape/logtape";
import { Period } from "../../../device/acquisition/period.ts";
import { keepSchedule } from "../../../device/acquisition/schedule.ts";
import { SettingsKeeper } from "../../../device/settings/keeper.ts";
import { SettingsStore } from "../../../device/settings/store.ts";
import type { Attempt } from "../../../device/settings/trial.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import type { BrokenRule } from "../../../protocol/settings/broken_rule.ts";
import type { Settings } from "../../../protocol/settings/settings.ts";
import { FakeClock } from "../../fakes/clock.ts";

export const worked: Attempt = { kind: "worked" };
export const silent: Attempt = { kind: "failed", message: "no answer", refused: false };
export const refused: Attempt = { kind: "failed", message: "illegal address", refused: true };

const UPLOAD_MS = 60_000;
const POLL_MS = 20_000;
const CHECK_MS = 30_000;

/** How the world answers at a moment under the settings that are in force. */
export interface World {
  readonly inverter?: (at: number, version: number) => Attempt;
  readonly gateway?: (at: number, version: number) => Attempt;
  readonly refusals?: (settings: Settings) => readonly BrokenRule[];
}

/** A node's settings on a clock: polls every 20 s, requests every 30 s, uploads every minute, on a real database. */
export class Bench implements AsyncDisposable {
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
      keeper.attempted("inverter roof", world.inverter?.(clock.monotonic(), version()) ?? worked, clock.monotonic());
    const ask = () =>
      keeper.attempted("gateway", world.gateway?.(clock.monotonic(), version()) ?? worked, clock.monotonic());
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

/** In milliseconds. */
export const minutes = (count: number) => count * 60_000;
export const MIN = minutes(1);
