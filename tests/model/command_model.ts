import { DatabaseSync } from "node:sqlite";
import { createJournal } from "../../device/command/journal.ts";
import { openNodeDatabase } from "../../device/store/database.ts";
import { openGatewayDatabase } from "../../gateway/store/database.ts";
import { createStoreChanges } from "../../gateway/store/changes.ts";
import { createDevices } from "../../gateway/store/devices.ts";
import { createKeyVault } from "../../keys/key_vault.ts";
import { register } from "../fakes/gateway_store.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemRandom } from "../../platform/random.ts";
import { DeviceId } from "../../protocol/device_id.ts";
import { modelStores } from "./model_gateway.ts";
import { COMMAND_TABLES, Schedule } from "./schedule.ts";

/** What a number of schedules came to. `failures` name the seeds to run again. */
export interface ModelResult {
  readonly schedules: number;
  readonly commands: number;
  readonly effects: number;
  readonly crashes: number;
  readonly states: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/**
 * Runs schedules `seed`, `seed + 1`, …: commands are queued and cancelled while requests and answers get lost, repeated and
 * reordered, both processes die and clocks jump; then the faults stop. State machines, journal, stores and databases are
 * the real ones. A schedule depends on its seed only.
 */
export async function runSchedules(seed: number, schedules: number): Promise<ModelResult> {
  using nodeDb = openNodeDatabase(":memory:");
  using gatewayDb = gatewayDatabase();
  const vault = await createKeyVault(systemRandom.bytes(32), systemRandom);
  const changes = createStoreChanges({ db: gatewayDb, clock: systemClock });
  const devices = createDevices(gatewayDb, { vault, random: systemRandom, changes });
  const { device } = await register(devices, { deviceId: DeviceId.parse("model-node"), model: "node", auth: "signed" });
  const world = { device, journal: createJournal(nodeDb), stores: modelStores(gatewayDb, devices) };
  const total = {
    schedules: 0,
    commands: 0,
    effects: 0,
    crashes: 0,
    states: new Map<string, number>(),
    failures: [] as string[],
  };
  for (let i = 0; i < schedules; i++) {
    const schedule = new Schedule(seed + i, world);
    total.failures.push(...(await schedule.run()).map((failure) => `seed ${seed + i}: ${failure}`));
    total.schedules++;
    total.commands += schedule.wishes.length;
    total.effects += schedule.inverter.effects.length;
    total.crashes += schedule.crashes;
    for (const { life } of schedule.commands()) total.states.set(life.state, (total.states.get(life.state) ?? 0) + 1);
    forget(gatewayDb, COMMAND_TABLES);
    for (const table of COMMAND_TABLES) gatewayDb.exec(`DROP TABLE IF EXISTS temp.backup_${table}`);
    forget(nodeDb, ["command", "register_write"]);
  }
  return { ...total, states: Object.fromEntries(total.states) };
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

function forget(db: DatabaseSync, tables: readonly string[]): void {
  db.exec(tables.map((table) => `DELETE FROM main.${table};`).join(""));
}
