import { createInverters, type Inverters } from "../../gateway/store/inverters.ts";
import type { DatabaseSync } from "node:sqlite";
import { utf8 } from "../../crypto/bytes.ts";
import type { Exchange } from "../../device/uplink/exchange.ts";
import { createCommandNotifier } from "../../gateway/command/notifier.ts";
import { type CommandService, createCommandService } from "../../gateway/command/command_service.ts";
import { createCommandRoutes } from "../../gateway/http/command_routes.ts";
import type { DeviceRoute } from "../../gateway/http/device_route.ts";
import { Fault, STATUS } from "../../gateway/fault.ts";
import { createStoreChanges, type StoreChanges } from "../../gateway/store/changes.ts";
import { type Commands, createCommands } from "../../gateway/store/commands.ts";
import type { Device, Devices } from "../../gateway/store/devices.ts";
import { createGroupCommit, type GroupCommit } from "../../gateway/store/group_commit.ts";
import { createRawPoints } from "../../gateway/store/raw_points.ts";
import { createSeriesStore } from "../../gateway/store/series.ts";
import type { Clock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { clockOf, Process, type Simulation } from "./simulation.ts";

/** How often other processes are looked for; there is none here, and looking costs the model its time. */
const LOOK_MS = 10_000;

/** The gateway's stores; all they know is in the database, so every process and every schedule may use the same. */
export interface ModelStores {
  readonly db: DatabaseSync;
  readonly changes: (clock: Clock) => StoreChanges;
  readonly devices: Devices;
  readonly commands: Commands;
  readonly inverters: Inverters;
  readonly commit: GroupCommit;
}

export function modelStores(db: DatabaseSync, devices: Devices): ModelStores {
  return {
    db,
    changes: (clock) => createStoreChanges({ db, clock }),
    devices,
    commands: createCommands(db),
    inverters: createInverters({ series: createSeriesStore(db, systemRandom), points: createRawPoints(db) }),
    commit: createGroupCommit(db),
  };
}

interface Running {
  readonly process: Process;
  readonly routes: ReadonlyMap<string, DeviceRoute>;
  readonly commandService: CommandService;
  readonly commit: Pick<GroupCommit, "run">;
  readonly clock: Clock;
  /** Tells whoever has a request here that the connection is gone. */
  readonly resets: Set<() => void>;
}

/** The gateway's own code for commands over its own database, in a process that dies and starts again. */
export class ModelGateway {
  /** How far its wall clock is off. */
  readonly offset = { ms: 0 };
  crashes = 0;
  readonly #sim: Simulation;
  readonly #stores: ModelStores;
  readonly #device: Device;
  #running: Running | undefined;

  constructor(sim: Simulation, stores: ModelStores, device: Device) {
    this.#sim = sim;
    this.#stores = stores;
    this.#device = device;
    this.start();
  }

  /** What operators use; `undefined` while it is down. */
  get commandService(): CommandService | undefined {
    return this.#running?.commandService;
  }

  get clock(): Clock | undefined {
    return this.#running?.clock;
  }

  start(): void {
    if (this.#running) return;
    const process = new Process();
    const clock = clockOf(this.#sim, process, this.offset);
    const idle = { ...clock, sleep: (ms: number, signal?: AbortSignal) => clock.sleep(Math.max(ms, LOOK_MS), signal) };
    const notifier = createCommandNotifier({ changes: this.#stores.changes(idle), clock });
    const commit = this.#commitOf(process);
    const io = { ...this.#stores, commit, notifier, clock, random: systemRandom };
    const commandService = createCommandService(io);
    const routes = new Map(createCommandRoutes(io).map((route) => [route.path, route]));
    this.#running = { process, routes, commandService, commit, clock, resets: new Set() };
  }

  /** Kill -9: what is not committed never happened, connections break. */
  crash(): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    running.process.alive = false;
    this.crashes++;
    for (const reset of running.resets) reset();
    this.#sim.after(this.#sim.chance.between(10, 20_000), () => this.start());
  }

  /** Ends it for good, connections and all. */
  end(): void {
    if (this.#running) this.#running.process.alive = false;
    this.#running = undefined;
  }

  /** One request as it arrives; `settle` may never be called. */
  async receive(path: string, message: unknown, settle: (exchange: Exchange) => void): Promise<void> {
    const running = this.#running;
    if (running && this.#sim.fault(0.02)) this.crash();
    if (!running?.process.alive) return settle({ kind: "unreachable", message: "connection refused" });
    const reset = () => settle({ kind: "unreachable", message: "connection reset" });
    running.resets.add(reset);
    const exchange = await this.#perform(running, path, utf8(JSON.stringify(message)));
    running.resets.delete(reset);
    if (running.process.alive) settle(exchange);
  }

  async #perform(
    { routes, commit, clock, process }: Running,
    path: string,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<Exchange> {
    const request = {
      method: "POST",
      url: `http://model${path}`,
      path,
      headers: new Headers(),
      body,
      address: "model",
    };
    try {
      const effect = await routes.get(path)?.prepare({ kind: "address", device: this.#device }, request);
      if (!effect) throw new Fault("not_found", "no such path");
      const reply = await commit.run(() => effect(clock.now()));
      if (this.#sim.fault(0.03)) this.crash();
      const answer = typeof reply === "function" ? await reply(process.stop.signal) : reply;
      return { kind: "answer", status: answer.status, body: JSON.parse(new TextDecoder().decode(answer.body)) };
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return { kind: "answer", status: STATUS[fault.code], body: { detail: fault.message } };
    }
  }

  /** The real group commit; what a dead process had not committed is not. */
  #commitOf(process: Process): Pick<GroupCommit, "run"> {
    return {
      run: (work) =>
        new Promise((resolve, reject) => {
          const done = this.#stores.commit.run(() => {
            if (!process.alive) throw new Error("the process died before it committed");
            return work();
          });
          this.#sim.busyWith(done).then(
            (value) => process.alive && resolve(value),
            (error) => process.alive && reject(error),
          );
        }),
    };
  }
}
