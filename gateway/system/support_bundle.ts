import { alarmText } from "./alarm_text.ts";
import type { Management } from "../management/management.ts";
import type { SecurityLog } from "../store/security_log.ts";
import { type AlarmsIo, alarmsNow } from "./gather.ts";
import { type SystemIo, systemReport } from "./report.ts";
import { Json, withoutSecrets } from "./secrets.ts";

/** What a support bundle is made from. */
export interface BundleIo extends AlarmsIo, SystemIo {
  readonly management: Pick<Management, "keys">;
  readonly securityLog: Pick<SecurityLog, "latest" | "counts">;
}

/** A support bundle. */
interface SupportBundle {
  readonly format: "ecowatt-support/1";
  /** RFC 3339 UTC */
  readonly made_at: string;
  readonly contents: Json;
}

const LINES = 1_000;
const VALIDATIONS = 200;

/** Everything that helps somebody else to see what is wrong here, and nothing that lets him in. */
export function supportBundle(io: BundleIo): SupportBundle {
  const { clock, config, recentLog, securityLog } = io;
  const made_at = new Date(clock.now()).toISOString();
  const contents = {
    system: systemReport(io),
    alarms: alarmsNow(io).map((alarm) => ({ ...alarm, ...alarmText(alarm.reason) })),
    mqtt: io.mqttLink() ?? null,
    config,
    devices: devicesOf(io),
    security: {
      counts: Object.fromEntries(securityLog.counts()),
      newest: securityLog.latest({ limit: VALIDATIONS }),
    },
    rollouts: {
      settings: io.rollouts.settings.latest(10),
      firmware: io.rollouts.firmware.latest(10),
    },
    log: recentLog.latest({ limit: LINES, level: "debug" }),
  };
  const plain = Json.parse(JSON.parse(JSON.stringify(contents)));
  return { format: "ecowatt-support/1", made_at, contents: withoutSecrets(plain) };
}

function devicesOf({ devices, states, management }: BundleIo) {
  return devices.list().map((device) => ({
    device_id: device.deviceId,
    model: device.model,
    auth: device.auth,
    ...states.of(device),
    keys_in_use: management.keys(device.deviceId).filter(({ revokedAt }) => revokedAt === undefined)
      .map(({ number, createdAt }) => ({ number, created_at_ms: createdAt })),
  }));
}
