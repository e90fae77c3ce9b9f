import type { Logger } from "@logtape/logtape";
import { type ChangesAnswer, changesAnswer, ChangesRequest } from "../../protocol/settings/changes.ts";
import { ConfigReport, type ConfigReportAnswer, type ReportUpdate } from "../../protocol/settings/report.ts";
import { type DeviceRoute, deviceRoute, jsonAnswer } from "../http/device_route.ts";
import type { NodeHealth } from "../../protocol/messages/node_health.ts";
import type { Device } from "../store/devices.ts";
import type { SettingsEvent, SettingsHistory } from "../store/settings_history.ts";
import type { Twins } from "../store/twins.ts";
import { handedOut, pendingValues, reportedOn, stateOf } from "./twin.ts";
import type { Twin } from "../store/port/twin.ts";

export interface SettingsRoutesIo {
  readonly twins: Twins;
  readonly history: SettingsHistory;
  /** Hears what a node tells of itself, inside the transaction. */
  readonly told?: (device: Device, health: NodeHealth, now: number) => void;
  readonly log: Logger;
}

/** The paths on which devices get their settings and report on them (contract/1-link §3, §5). */
export function settingsRoutes(io: SettingsRoutesIo): readonly DeviceRoute[] {
  const changes = (path: string) =>
    deviceRoute(path, ChangesRequest, ({ device, body, now }) => {
      if (body.health && device.auth === "signed") io.told?.(device, body.health, now);
      return jsonAnswer(200, handOut(device, io, now));
    });
  return [
    changes("/changes"),
    changes("/device_settings"),
    deviceRoute("/config/report", ConfigReport, ({ device, body, now }) => {
      return jsonAnswer(200, take(device, body.updates, io, now));
    }),
  ];
}

/** Tells what waits, and keeps it waiting: only a report ends that. */
function handOut(device: Device, { twins, history }: SettingsRoutesIo, now: number): ChangesAnswer {
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

function take(
  device: Device,
  updates: readonly ReportUpdate[],
  { twins, history, log }: SettingsRoutesIo,
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

function eventOf({ parameter, status, version, value, error, warning }: ReportUpdate): SettingsEvent {
  const reason = error ?? warning;
  return {
    kind: "report",
    parameter,
    status,
    ...(version === undefined ? {} : { of_version: version }),
    ...(value === undefined ? {} : { value }),
    ...(reason === null || reason === undefined ? {} : { reason }),
  };
}

/** How a version ended, once it has. */
function noteOutcome(device: Device, before: Twin, after: Twin, history: SettingsHistory, now: number): void {
  const state = stateOf(after, device.auth);
  if (state === "pending" || state === stateOf(before, device.auth)) return;
  history.append(device.row, after.version, { kind: "outcome", state }, now);
}
