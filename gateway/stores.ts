import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { SampleSink } from "./store/port/sample_batch.ts";
import { createEnergyReader, type EnergyReader } from "./energy/energy_reader.ts";
import { localDays, machineTimeZone } from "./energy/local_days.ts";
import { meteredSamples } from "./energy/metered_samples.ts";
import { openGatewayDatabase } from "./store/database.ts";
import { type Commands, createCommands } from "./store/commands.ts";
import { createRecordedStates, type RecordedStates } from "./store/device_states.ts";
import { createDevices, type Devices } from "./store/devices.ts";
import { type Announcements, createAnnouncements } from "./store/announcements.ts";
import { createEnergyStore } from "./store/energy.ts";
import { type CommitMeter, createGroupCommit, type GroupCommit, type StoreWatch } from "./store/group_commit.ts";
import { openKeyVault } from "../keys/key_vault.ts";
import { createRawPoints, type RawPoints } from "./store/raw_points.ts";
import { createQuarantine, type Quarantine } from "./store/quarantine.ts";
import { createReplay, type Replay } from "./store/replay.ts";
import { createRetention, type Retention } from "./store/retention.ts";
import { createRollups, type Rollups } from "./store/rollups.ts";
import { createSamples } from "./store/samples.ts";
import { createSecurityLog, type SecurityLog } from "./store/security_log.ts";
import { createSeriesStore, type SeriesStore } from "./store/series.ts";
import { createFirmwareRollouts, type FirmwareRollouts } from "./store/firmware_rollouts.ts";
import { createFirmwareSessions, type FirmwareSessions } from "./store/firmware_sessions.ts";
import { createLabels, type Labels } from "./store/labels.ts";
import { createRollouts, type Rollouts } from "./store/settings_rollouts.ts";
import { createTemplates, type Templates } from "./store/settings_templates.ts";
import { createSettingsHistory, type SettingsHistory } from "./store/settings_history.ts";
import { createSessions, type Sessions } from "./store/sessions.ts";
import { createTokens, type Tokens } from "./store/tokens.ts";
import { createTwins, type Twins } from "./store/twins.ts";

/** Every store of a gateway over its one database. Disposing commits what waits and closes the file. */
export interface Stores extends AsyncDisposable {
  readonly db: DatabaseSync;
  readonly commit: GroupCommit;
  readonly devices: Devices;
  readonly recordedStates: RecordedStates;
  readonly quarantine: Quarantine;
  readonly replay: Replay;
  readonly securityLog: SecurityLog;
  readonly series: SeriesStore;
  /** Keeps the energy of every inverter with its samples. */
  readonly samples: SampleSink;
  readonly energy: EnergyReader;
  readonly announcements: Announcements;
  readonly points: RawPoints;
  readonly rollups: Rollups;
  readonly retention: Retention;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly commands: Commands;
  readonly twins: Twins;
  readonly history: SettingsHistory;
  readonly labels: Labels;
  readonly templates: Templates;
  readonly rolloutStates: Rollouts;
  readonly firmwareRollouts: FirmwareRollouts;
  readonly firmwareSessions: FirmwareSessions;
}

export interface StoresOptions {
  readonly random: Random;
  /** Rows of the security log that are kept. */
  readonly securityLogRows: number;
  /** Whether keys that were published may be used; only the demo says yes. */
  readonly allowPublishedKeys?: boolean;
  /** IANA time zone whose days energy is counted by; the machine's when left out. */
  readonly timeZone?: string;
  /** Told when the disk begins or ceases to refuse writes. */
  readonly watch?: StoreWatch;
  /** Told how long every transaction took. */
  readonly meter?: { readonly clock: Pick<Clock, "monotonic">; readonly took: CommitMeter };
}

/** Opens the stores in a data directory, made when it is missing. Other processes may have them open as well. */
export async function openStores(dataDir: string, options: StoresOptions): Promise<Stores> {
  const { random, securityLogRows, allowPublishedKeys = false, timeZone = machineTimeZone() } = options;
  const db = openGatewayDatabase(dataDir);
  try {
    const vault = await openKeyVault(dataDir, random);
    const commit = createGroupCommit(db, options.watch, options.meter);
    const energy = createEnergyStore(db);
    const days = localDays(timeZone);
    return {
      db,
      commit,
      devices: createDevices(db, { vault, random, allowPublishedKeys }),
      recordedStates: createRecordedStates(db),
      quarantine: createQuarantine(db),
      replay: createReplay(db),
      securityLog: createSecurityLog(db, securityLogRows),
      series: createSeriesStore(db, random),
      samples: meteredSamples(createSamples(db, random), energy, days),
      announcements: createAnnouncements(db),
      energy: createEnergyReader(energy, timeZone, days),
      points: createRawPoints(db),
      rollups: createRollups(db),
      retention: createRetention(db),
      tokens: createTokens(db, random),
      sessions: createSessions(db, random),
      commands: createCommands(db),
      twins: createTwins(db),
      history: createSettingsHistory(db),
      labels: createLabels(db),
      templates: createTemplates(db),
      rolloutStates: createRollouts(db),
      firmwareRollouts: createFirmwareRollouts(db),
      firmwareSessions: createFirmwareSessions(db),
      async [Symbol.asyncDispose]() {
        await commit.close();
        db.close();
      },
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
