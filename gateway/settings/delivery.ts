import type { Logger } from "@logtape/logtape";
import { type ChangesAnswer, changesAnswer } from "../../protocol/settings/changes.ts";
import type { ConfigReportAnswer, ReportUpdate } from "../../protocol/settings/report.ts";
import type { Device } from "../store/devices.ts";
import type { SettingsEvent, SettingsHistory } from "../store/settings_history.ts";
import type { Twins } from "../store/twins.ts";
import { handedOut, pendingValues, reportedOn, stateOf } from "./twin.ts";
import type { Twin } from "../store/port/twin.ts";

/** Where desired settings come from, and what devices say of them goes to. */
export interface DeliveryIo {
  readonly twins: Twins;
  readonly history: SettingsHistory;
  readonly log: Logger;
}

/** Tells what waits, and keeps it waiting: only a report ends that. Inside a transaction. */
export function handOutSettings(device: Device, { twins, history }: DeliveryIo, now: number): ChangesAnswer {
  const twin = twins.load(device);
  const settings = { version: twin.version, ...twin.desired };
  const answer = changesAnswer(
    pendingValues(twin),
    device.auth === "signed" && twin.version > 0 ? settings : undefined,
  );
  if (!answer.Changed) return answer;
  const next = handedOut(twin);
  if (next !== twin) twins.save(device, next);
  history.append(device.row, twin.version, { kind: "delivered" }, now);
  return answer;
}

/** Takes what a device says of settings that it got. Inside a transaction. */
export function takeSettingsReport(
  device: Device,
  updates: readonly ReportUpdate[],
  { twins, history, log }: DeliveryIo,
  now: number,
): ConfigReportAnswer {
  const before = twins.load(device);
  const twin = updates.reduce((twin, update) => reportedOn(twin, update, device.auth, now), before);
  for (const update of updates) {
    history.append(device.row, before.version, eventOf(update), now);
    if (update.status === "rejected" || update.status === "reverted") {
      const { parameter, status, error: reason } = update;
      log.warn("settings {status} by {device}: {parameter} {reason}", {
        status,
        device: device.deviceId,
        parameter,
        reason,
      });
    }
  }
  if (twin !== before) twins.save(device, twin);
  noteOutcome(device, before, twin, history, now);
  return { status: "success", message: `${updates.length} updates received` };
}

function eventOf({ parameter, status, version, value, error, error_code, warning }: ReportUpdate): SettingsEvent {
  const reason = error ?? warning;
  return {
    kind: "report",
    parameter,
    status,
    ...(version === undefined ? {} : { of_version: version }),
    ...(value === undefined ? {} : { value }),
    ...(reason === null || reason === undefined ? {} : { reason }),
    ...(error_code === undefined ? {} : { reason_code: error_code }),
  };
}

/** How a version ended, once it has. */
function noteOutcome(device: Device, before: Twin, after: Twin, history: SettingsHistory, now: number): void {
  const state = stateOf(after, device.auth);
  if (state === "pending" || state === stateOf(before, device.auth)) return;
  history.append(device.row, after.version, { kind: "outcome", state }, now);
}
