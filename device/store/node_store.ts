import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "@logtape/logtape";
import { ALIVE, dead, type Liveness } from "../../platform/liveness.ts";
import { transaction } from "../../platform/sqlite.ts";
import type { WakefulnessStore } from "../acquisition/watch.ts";
import type { MachineStarts } from "../outbox/dating.ts";
import { type CommandJournal, createJournal } from "../command/journal.ts";
import type { InverterIdentities } from "../equipment/former_names.ts";
import { SettingsStore } from "../settings/store.ts";
import { nodeDatabasePath, openNodeDatabase, openNodeDatabaseReadOnly, prepareNodeDatabase } from "./database.ts";
import { createInverterIdentities } from "./inverter_identities.ts";
import { createMachineStarts } from "./machine_start.ts";
import { createMapMemoryStore, type MapMemoryStore } from "./map_memory.ts";
import { Sequence } from "./sequence.ts";
import { createWakefulnessStore } from "./wakefulness.ts";

/** What of a node survives the process. */
export interface NodeStore extends Disposable {
  readonly db: DatabaseSync;
  readonly sequence: Sequence;
  readonly identities: InverterIdentities;
  readonly mapMemory: MapMemoryStore;
  readonly machineStarts: MachineStarts;
  readonly wakefulness: WakefulnessStore;
  readonly settings: SettingsStore;
  readonly journal: CommandJournal;
  /** Whether the database can be locked and read. Writes nothing: a full disk is no death, since a new start would find it as full. */
  alive(): Liveness;
}

interface NodeStoreIo {
  readonly onTrial: boolean;
  /** Whether the disk takes no writes: what is stored is read, and every write is refused. */
  readonly readOnly?: boolean;
  readonly log: Logger;
}

/** Opens the store in its folder, which is made if missing. Throws an `Error` for people when another node has it. */
export async function openNodeStore(dataDir: string, io: NodeStoreIo): Promise<NodeStore> {
  const db = await openDatabase(dataDir, io);
  return {
    db,
    sequence: new Sequence(db),
    identities: createInverterIdentities(db),
    mapMemory: createMapMemoryStore(db, io.log),
    machineStarts: createMachineStarts(db),
    wakefulness: createWakefulnessStore(db),
    settings: new SettingsStore(db),
    journal: createJournal(db),
    alive: () => livenessOf(db),
    [Symbol.dispose]: () => db.close(),
  };
}

async function openDatabase(dataDir: string, { readOnly = false, ...io }: NodeStoreIo): Promise<DatabaseSync> {
  const path = nodeDatabasePath(dataDir);
  if (readOnly) return openNodeDatabaseReadOnly(path);
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  await prepareNodeDatabase(path, io);
  return openNodeDatabase(path);
}

function livenessOf(db: DatabaseSync): Liveness {
  try {
    transaction(db, () => db.prepare("SELECT id FROM state").get());
    return ALIVE;
  } catch (error) {
    return dead(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}
