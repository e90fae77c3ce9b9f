import type { DatabaseSync } from "node:sqlite";
import { beginHmacs } from "../../crypto/hmac.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { SampleReviser, SampleSink } from "./port/sample_batch.ts";
import { MIGRATIONS, openGatewayDatabase, openGatewayDatabaseReadOnly } from "./database.ts";
import { type Commands, createCommands } from "./commands.ts";
import { createRecordedStates, type RecordedStates } from "./device_states.ts";
import { createDevices, type Devices } from "./devices.ts";
import { type Announcements, createAnnouncements } from "./announcements.ts";
import { type BlockReceipts, createBlockReceipts } from "./block_receipts.ts";
import { type BoardStates, createBoardStates } from "./board_states.ts";
import { type ChangeReader, createChangeReader } from "./change_reader.ts";
import { createStoreChanges, type StoreChanges } from "./changes.ts";
import { createEnergyStore, type EnergyStore } from "./energy.ts";
import { type CommitMeter, createGroupCommit, type GroupCommit, type StoreWatch } from "./group_commit.ts";
import { type KeyVault, openKeyVault } from "../../keys/key_vault.ts";
import { createRawPoints, type RawPoints } from "./raw_points.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { createRemovedInverters, type RemovedInverters } from "./removed_inverters.ts";
import { createLearnedProfiles, type LearnedProfiles } from "./learned_profiles.ts";
import { createReplay, type Replay } from "./replay.ts";
import { createRetention, type Retention } from "./retention.ts";
import { createRollups, type Rollups } from "./rollups.ts";
import { createSampleReviser } from "./sample_revision.ts";
import { createSamples } from "./samples.ts";
import { createSecurityLog, type SecurityLog, writeNoted } from "./security_log.ts";
import { createSeriesStore, type SeriesStore } from "./series.ts";
import { createFirmwareSessions, type FirmwareSessions } from "./firmware_sessions.ts";
import { createLabels, type Labels } from "./labels.ts";
import { createRolloutStores, type RolloutStores } from "./rollouts.ts";
import { createTemplates, type Templates } from "./settings_templates.ts";
import { createSettingsHistory, type SettingsHistory } from "./settings_history.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createTokens, type Tokens } from "./tokens.ts";
import { createTwins, type Twins } from "./twins.ts";

/** Every store of a gateway over its one database. Disposing commits what waits and closes the file. */
export interface Stores extends AsyncDisposable {
  readonly commit: GroupCommit;
  /** Writes something that stays as it was: throws when the disk takes no writes. */
  readonly touch: () => void;
  readonly changes: StoreChanges;
  /** A reader of what changes from now on. */
  readonly changeReader: () => ChangeReader;
  readonly devices: Devices;
  readonly recordedStates: RecordedStates;
  readonly quarantine: Quarantine;
  readonly replay: Replay;
  readonly securityLog: SecurityLog;
  readonly receipts: BlockReceipts;
  readonly boards: BoardStates;
  readonly series: SeriesStore;
  readonly profiles: LearnedProfiles;
  readonly removedInverters: RemovedInverters;
  /** Samples alone; what keeps the energy with them is `Services.samples`. */
  readonly samples: SampleSink & SampleReviser;
  readonly energy: EnergyStore;
  readonly points: RawPoints;
  readonly rollups: Rollups;
  readonly retention: Retention;
  readonly announcements: Announcements;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly commands: Commands;
  readonly twins: Twins;
  readonly history: SettingsHistory;
  readonly labels: Labels;
  readonly templates: Templates;
  readonly rollouts: RolloutStores;
  readonly firmwareSessions: FirmwareSessions;
}

interface StoresOptions {
  readonly random: Random;
  readonly clock: Clock;
  /** Rows of the security log that are kept. */
  readonly securityLogRows: number;
  /** Whether keys that were published may be used; only the demo says yes. */
  readonly allowPublishedKeys?: boolean | undefined;
  /** Told when the disk begins or ceases to refuse writes. */
  readonly watch?: StoreWatch;
  /** Whether the disk takes no writes: everything can be read, and every write is refused until the stores are opened anew. */
  readonly readOnly?: boolean;
  /** Told when others can read the master key. */
  readonly warn?: (warning: string) => void;
  /** Told how long every transaction took. */
  readonly took?: CommitMeter;
}

/** Opens the stores in a data directory, made when it is missing. Other processes may have them open as well. */
export async function openStores(dataDir: string, options: StoresOptions): Promise<Stores> {
  const db = options.readOnly ? openGatewayDatabaseReadOnly(dataDir) : openGatewayDatabase(dataDir);
  try {
    return createStores(db, await openKeyVault(dataDir, options.random, options.warn), options);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The stores over a gateway's database, which they close. */
export function createStores(db: DatabaseSync, vault: KeyVault, options: StoresOptions): Stores {
  const { random, clock, securityLogRows, allowPublishedKeys = false, readOnly, watch, took } = options;
  const changes = createStoreChanges({ db, clock });
  const series = createSeriesStore(db, random);
  const points = createRawPoints(db);
  const rollups = createRollups(db);
  const trouble = readOnly ? new Error("the disk is read-only") : undefined;
  const commit = createGroupCommit(db, { watch, meanwhile: beginHmacs, meter: took && { clock, took }, trouble });
  const securityLog = createSecurityLog(db, securityLogRows);
  const replay = createReplay(db);
  return {
    commit,
    touch: () => db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`),
    changes,
    changeReader: () => createChangeReader(db),
    devices: createDevices(db, { vault, random, allowPublishedKeys, changes }),
    recordedStates: createRecordedStates(db),
    quarantine: createQuarantine(db),
    replay,
    securityLog,
    receipts: createBlockReceipts(db),
    boards: createBoardStates(db),
    series,
    profiles: createLearnedProfiles(db),
    removedInverters: createRemovedInverters(db),
    samples: { ...createSamples(db, random), ...createSampleReviser(db, { series, points, rollups }) },
    energy: createEnergyStore(db),
    points,
    rollups,
    retention: createRetention(db),
    announcements: createAnnouncements(db),
    tokens: createTokens(db, random),
    sessions: createSessions(db, random),
    commands: createCommands(db),
    twins: createTwins(db),
    history: createSettingsHistory(db),
    labels: createLabels(db),
    templates: createTemplates(db),
    rollouts: createRolloutStores(db),
    firmwareSessions: createFirmwareSessions(db),
    async [Symbol.asyncDispose]() {
      await writeDown({ commit, securityLog, replay }).catch(() => {}); // a disk that takes nothing keeps nobody from stopping
      await commit.close();
      db.close();
    },
  };
}

/** Writes what is in memory only. */
async function writeDown({ commit, securityLog, replay }: Pick<Stores, "commit" | "securityLog" | "replay">) {
  await Promise.all([
    writeNoted(securityLog, commit),
    replay.isSettled() ? undefined : commit.run(() => replay.settle()),
  ]);
}
