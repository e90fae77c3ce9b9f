import { getLogger } from "@logtape/logtape";
import type { CommandJournal } from "../../device/command/journal.ts";
import { Fault } from "../../gateway/fault.ts";
import type { StoredCommand } from "../../gateway/store/command_row.ts";
import type { Device } from "../../gateway/store/devices.ts";
import { CommandGetAnswer } from "../../protocol/command/device_messages.ts";
import { QueuedCommand } from "../../protocol/command/queue_message.ts";
import { FaultyInverter } from "./faulty_inverter.ts";
import { ModelGateway, type ModelStores } from "./model_gateway.ts";
import { ModelNode } from "./model_node.ts";
import { type Ending, judge, type Wish } from "./oracle.ts";
import { Simulation } from "./simulation.ts";

/** The one register that takes writes. */
const LIMIT = 8;
/** The gateway's tables of commands, the dependent ones first. */
export const COMMAND_TABLES = ["command_write", "command_step", "command"] as const;
/** Virtual time in which things go wrong, and in which everything has to come to its end after that. */
const TROUBLE_MS = 40_000;
const PEACE_MS = 1_800_000;

/** What every schedule finds. */
export interface World {
  readonly device: Device;
  readonly journal: CommandJournal;
  readonly stores: ModelStores;
}

/** One random course of events, decided by its seed. */
export class Schedule {
  readonly wishes: Wish[] = [];
  readonly inverter: FaultyInverter;
  readonly #sim: Simulation;
  readonly #gateway: ModelGateway;
  readonly #node: ModelNode;
  readonly #world: World;
  readonly #promised = new Map<string, number>();
  #gatewayJumped = false;
  #restored = false;

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

  /** Deaths of either process. */
  get crashes(): number {
    return this.#node.crashes + this.#gateway.crashes;
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
    const wrong = judge(this.#ending());
    this.#gateway.end();
    this.#node.end();
    await sim.settle();
    return wrong;
  }

  /** What operators, power and clocks will do, and when. */
  #plan(): void {
    const { chance } = this.#sim;
    const at = (run: () => void) => void this.#sim.after(chance.between(0, TROUBLE_MS - 5_000), run);
    const times = Array.from({ length: chance.between(2, 5) }, () => chance.between(0, 20_000));
    for (const time of times) this.#sim.after(time, () => this.#queue());
    if (chance.is(0.4)) at(() => this.#cancel());
    if (chance.is(0.4)) at(() => this.#node.crash());
    if (chance.is(0.2)) at(() => this.#node.stop());
    if (chance.is(0.4)) at(() => this.#gateway.crash());
    if (chance.is(0.5)) this.#node.offset.ms = -chance.between(0, 2_000_000_000); // no clock battery
    if (chance.is(0.3)) at(() => this.#node.offset.ms = chance.between(-7_200_000, 7_200_000));
    if (chance.is(0.1)) this.#sim.after(chance.between(0, 20_000), () => this.#restoreLater());
    if (chance.is(0.15)) {
      at(() => {
        this.#gateway.offset.ms += chance.between(-600_000, 600_000);
        this.#gatewayJumped = true;
      });
    }
  }

  /** The gateway's disk dies some time from now, and it goes on from a backup of now. */
  #restoreLater(): void {
    const { db } = this.#world.stores;
    db.exec(
      COMMAND_TABLES.map((table) => `CREATE TEMP TABLE backup_${table} AS SELECT * FROM main.${table};`).join(""),
    );
    this.#sim.after(this.#sim.chance.between(1, 30_000), () => {
      this.#gateway.crash();
      this.#restored = true;
      db.exec(COMMAND_TABLES.map((table) => `DELETE FROM main.${table};`).join(""));
      db.exec(
        COMMAND_TABLES.toReversed().map((table) => `INSERT INTO main.${table} SELECT * FROM backup_${table};`).join(""),
      );
    });
  }

  #queue(): void {
    const { commandService, clock } = this.#gateway;
    const { chance, now } = this.#sim;
    if (!commandService || !clock) return;
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
    const queued = this.#sim.busyWith(commandService.queue([wanted], { name: "model", role: "operator" }));
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
    const { commandService } = this.#gateway;
    const wish = this.wishes[this.#sim.chance.between(0, this.wishes.length - 1)];
    if (!commandService || !wish) return;
    const cancelled = this.#sim.busyWith(commandService.cancel(wish.id, { name: "model", role: "operator" }));
    cancelled.catch((error) => {
      const expected = error instanceof Fault && (error.code === "conflict" || error.code === "not_found");
      if (!expected) throw error; // it is with the device, has ended, or a restore forgot it
    });
  }

  #heard(body: unknown): void {
    const answer = CommandGetAnswer.safeParse(body);
    if (!answer.success) return;
    for (const { command_id, expires_in_ms } of answer.data.commands) {
      if (expires_in_ms !== undefined) this.#promised.set(command_id, this.#sim.now + expires_in_ms);
    }
  }

  #ending(): Ending {
    return {
      wishes: this.wishes,
      commands: this.commands(),
      effects: this.inverter.effects,
      promised: this.#promised,
      gatewayJumped: this.#gatewayJumped,
      restored: this.#restored,
      over: this.#isOver(),
    };
  }

  #isOver(): boolean {
    const { stores, journal, device } = this.#world;
    return stores.commands.openCount(device.row) === 0 && journal.holding().length === 0;
  }
}

function contentOf(value: number | undefined, raw: boolean) {
  if (value === undefined) return { command_type: "read_register", parameters: { register_address: LIMIT } };
  if (raw) return { command_type: "write_register", parameters: { register_address: LIMIT, value } };
  return { command_type: "set_power", parameters: { power_value: value } };
}
