import { DatabaseSync } from "node:sqlite";
import { getLogger } from "@logtape/logtape";
import { type CommandJournal, createJournal } from "../../device/command/journal.ts";
import { openNodeDatabase } from "../../device/store/database.ts";
import { Fault } from "../../gateway/fault.ts";
import type { StoredCommand } from "../../gateway/store/commands.ts";
import { openGatewayDatabase } from "../../gateway/store/database.ts";
import { createDevices, type Device } from "../../gateway/store/devices.ts";
import { createKeyVault } from "../../gateway/store/key_vault.ts";
import { systemRandom } from "../../platform/random.ts";
import { CommandGetAnswer } from "../../protocol/command/device_messages.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { QueuedCommand } from "../../protocol/command/queue_message.ts";
import { FaultyInverter } from "./faulty_inverter.ts";
import { ModelGateway, type ModelStores, modelStores } from "./model_gateway.ts";
import { ModelNode } from "./model_node.ts";
import { Simulation } from "./simulation.ts";

/** The one register that takes writes. */
const LIMIT = 8;
/** Virtual time in which things go wrong, and in which everything has to come to its end after that. */
const TROUBLE_MS = 60_000;
const PEACE_MS = 1_800_000;

/** What a number of schedules came to. `failures` name the seeds to run again. */
export interface ModelResult {
  readonly schedules: number;
  readonly commands: number;
  readonly effects: number;
  readonly crashes: number;
  readonly states: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** What the operator asked for, beside what the gateway knows of it. */
interface Wish {
  readonly id: string;
  /** What it writes, different for each; `undefined`: it reads. */
  readonly value: number | undefined;
  readonly priority: number;
  readonly notBefore: boolean;
  /** In simulated time. */
  readonly expiresAt: number;
}

/**
 * Runs schedules `seed`, `seed + 1`, …: commands are queued and cancelled while requests and answers get lost, repeated and
 * reordered, both processes die and clocks jump; then the faults stop. State machines, journal, stores and databases are
 * the real ones. A schedule depends on its seed only.
 */
export async function runSchedules(seed: number, schedules: number): Promise<ModelResult> {
  using nodeDb = openNodeDatabase(":memory:");
  using gatewayDb = gatewayDatabase();
  const vault = createKeyVault(systemRandom.bytes(32), systemRandom);
  const devices = createDevices(gatewayDb, { vault, random: systemRandom, allowPublishedKeys: false });
  const { device } = devices.add({ deviceId: DeviceId.parse("model-node"), model: "node", auth: "signed" }, 1);
  const world = { device, journal: createJournal(nodeDb), stores: modelStores(gatewayDb, devices) };
  const total = { schedules: 0, commands: 0, effects: 0, states: new Map<string, number>(), failures: [] as string[] };
  for (let i = 0; i < schedules; i++) {
    const schedule = new Schedule(seed + i, world);
    total.failures.push(...(await schedule.run()).map((failure) => `seed ${seed + i}: ${failure}`));
    total.schedules++;
    total.commands += schedule.wishes.length;
    total.effects += schedule.inverter.effects.length;
    for (const { life } of schedule.commands()) total.states.set(life.state, (total.states.get(life.state) ?? 0) + 1);
    forget(gatewayDb, nodeDb);
  }
  return { ...total, crashes: 0, states: Object.fromEntries(total.states) };
}

/** The gateway's tables in memory: the machine does not lose its power here, the processes die. */
function gatewayDatabase(): DatabaseSync {
  const folder = Deno.makeTempDirSync();
  using onDisk = openGatewayDatabase(folder);
  const db = new DatabaseSync(":memory:");
  const tables = onDisk.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'");
  for (const { sql } of tables.all()) db.exec(String(sql));
  Deno.removeSync(folder, { recursive: true });
  return db;
}

function forget(gatewayDb: DatabaseSync, nodeDb: DatabaseSync): void {
  gatewayDb.exec("DELETE FROM command_write; DELETE FROM command_step; DELETE FROM command");
  nodeDb.exec("DELETE FROM command; DELETE FROM register_write");
}

/** What every schedule finds. */
interface World {
  readonly device: Device;
  readonly journal: CommandJournal;
  readonly stores: ModelStores;
}

class Schedule {
  readonly wishes: Wish[] = [];
  readonly inverter: FaultyInverter;
  readonly #sim: Simulation;
  readonly #gateway: ModelGateway;
  readonly #node: ModelNode;
  readonly #world: World;
  /** Until when the last hand-out that the node heard let it act, in simulated time. */
  readonly #promised = new Map<string, number>();
  #gatewayJumped = false;

  constructor(seed: number, world: World) {
    const { device, journal, stores } = this.#world = world;
    const sim = this.#sim = new Simulation(seed);
    this.inverter = new FaultyInverter(sim);
    this.#gateway = new ModelGateway(sim, stores, device);
    this.#node = new ModelNode({
      sim,
      journal,
      device: device.deviceId,
      gateway: this.#gateway,
      inverter: this.inverter,
      log: getLogger(["model"]),
      heard: ({ ...exchange }) => exchange.kind === "answer" && this.#heard(exchange.body),
    });
  }

  commands(): readonly StoredCommand[] {
    return this.#world.stores.commands.history({ limit: 100 });
  }

  /** What is wrong; nothing when all is well. */
  async run(): Promise<readonly string[]> {
    const sim = this.#sim;
    this.#plan();
    while (sim.now < TROUBLE_MS) await sim.step();
    sim.faulty = false;
    while (!this.#isOver() && sim.now < TROUBLE_MS + PEACE_MS) await sim.step();
    const wrong = this.#judge();
    this.#gateway.end();
    this.#node.end();
    await sim.settle();
    return wrong;
  }

  /** What operators, power and clocks will do, and when. */
  #plan(): void {
    const { chance } = this.#sim;
    const at = (run: () => void) => void this.#sim.after(chance.between(0, TROUBLE_MS - 5_000), run);
    const times = Array.from({ length: chance.between(2, 5) }, () => chance.between(0, 30_000));
    for (const time of times) this.#sim.after(time, () => this.#queue());
    if (chance.is(0.4)) at(() => this.#cancel());
    if (chance.is(0.4)) at(() => this.#node.crash());
    if (chance.is(0.2)) at(() => this.#node.stop());
    if (chance.is(0.4)) at(() => this.#gateway.crash());
    if (chance.is(0.3)) at(() => this.#node.offset.ms += chance.between(-7_200_000, 7_200_000));
    if (chance.is(0.15)) {
      at(() => {
        this.#gateway.offset.ms += chance.between(-600_000, 600_000);
        this.#gatewayJumped = true;
      });
    }
  }

  #queue(): void {
    const { desk, clock } = this.#gateway;
    const { chance, now } = this.#sim;
    if (!desk || !clock) return;
    const value = chance.is(0.15) ? undefined : this.wishes.length + 1;
    const priority = chance.one([5, 5, 5, 9, 0]);
    const lives = chance.is(0.35) ? chance.between(50, 40_000) : Infinity;
    const waits = chance.is(0.15) ? chance.between(1, 20_000) : 0;
    const time = (ms: number) => new Date(clock.now() + ms).toISOString();
    const wanted = QueuedCommand.parse({
      device_id: this.#world.device.deviceId,
      inverter: "roof",
      profile: "ecowatt",
      ...contentOf(value, chance.is(0.5)),
      priority,
      ...(lives === Infinity ? {} : { expires_at: time(lives + waits) }),
      ...(waits === 0 ? {} : { not_before: time(waits) }),
    });
    const queued = this.#sim.busyWith(desk.queue([wanted], { name: "model", role: "operator" }));
    queued.then(([command]) => {
      if (!command) return;
      this.wishes.push({
        id: command.commandId,
        value,
        priority,
        notBefore: waits > 0,
        expiresAt: now + waits + lives,
      });
    });
  }

  #cancel(): void {
    const { desk } = this.#gateway;
    const wish = this.wishes[this.#sim.chance.between(0, this.wishes.length - 1)];
    if (!desk || !wish) return;
    const cancelled = this.#sim.busyWith(desk.cancel(wish.id, { name: "model", role: "operator" }));
    cancelled.catch((error) => {
      if (!(error instanceof Fault && error.code === "conflict")) throw error;
    });
  }

  #heard(body: unknown): void {
    const answer = CommandGetAnswer.safeParse(body);
    if (!answer.success) return;
    for (const { command_id, expires_in_ms } of answer.data.commands) {
      if (expires_in_ms !== undefined) this.#promised.set(command_id, this.#sim.now + expires_in_ms);
    }
  }

  #isOver(): boolean {
    const { stores, journal, device } = this.#world;
    return stores.commands.openCount(device.row) === 0 && journal.holding().length === 0;
  }

  #judge(): readonly string[] {
    const wrong: string[] = [];
    if (!this.#isOver()) wrong.push(`stuck: ${this.commands().map(({ life }) => life.state)}`);
    const known = new Map(this.commands().map((command) => [command.commandId, command]));
    for (const wish of this.wishes) wrong.push(...this.#judgeOne(wish, known.get(wish.id)));
    return [...wrong, ...this.#judgeOrder()];
  }

  #judgeOne(wish: Wish, command: StoredCommand | undefined): readonly string[] {
    if (!command) return ["a queued command is gone"];
    if (wish.value === undefined) return [];
    const wrong: string[] = [];
    const effects = this.inverter.effects.filter(({ value }) => value === wish.value);
    const { state } = command.life;
    if (effects.length > 1) wrong.push(`${effects.length} effects of one command`);
    if (state === "completed" && effects.length === 0) wrong.push("completed without an effect");
    if ((state === "expired" || state === "cancelled") && effects.length > 0) {
      wrong.push(`${state}, but with an effect`);
    }
    for (const { at } of effects) {
      if (at >= (this.#promised.get(wish.id) ?? Infinity)) wrong.push("an effect after the promised expiry");
      if (!this.#gatewayJumped && at >= wish.expiresAt) wrong.push(`an effect ${at - wish.expiresAt} ms after expiry`);
    }
    return wrong;
  }

  /** First in, first out within a priority; what was to wait takes its turn from then. */
  #judgeOrder(): readonly string[] {
    const plain = new Map(this.wishes.filter(({ notBefore }) => !notBefore).map((wish) => [wish.value, wish]));
    const last = new Map<number, number>();
    const wrong: string[] = [];
    for (const { value } of this.inverter.effects) {
      const wish = plain.get(value);
      if (!wish) continue;
      const turn = this.wishes.indexOf(wish);
      if (turn < (last.get(wish.priority) ?? -1)) {
        wrong.push(`an earlier command of priority ${wish.priority} came later`);
      }
      last.set(wish.priority, turn);
    }
    return wrong;
  }
}

function contentOf(value: number | undefined, raw: boolean) {
  if (value === undefined) return { command_type: "read_register", parameters: { register_address: LIMIT } };
  if (raw) return { command_type: "write_register", parameters: { register_address: LIMIT, value } };
  return { command_type: "set_power", parameters: { power_value: value } };
}
