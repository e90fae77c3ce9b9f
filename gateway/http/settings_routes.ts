import type { NodeHealth } from "../../protocol/messages/node_health.ts";
import { ChangesRequest } from "../../protocol/settings/changes.ts";
import { ConfigReport } from "../../protocol/settings/report.ts";
import { type DeliveryIo, handOutSettings, takeSettingsReport } from "../settings/delivery.ts";
import type { Device } from "../store/devices.ts";
import { type DeviceRoute, deviceRoute, jsonAnswer } from "./device_route.ts";

interface SettingsRoutesIo extends DeliveryIo {
  /** Hears what a node tells of itself, inside the transaction. */
  readonly told: (device: Device, health: NodeHealth, now: number) => void;
}

/** The paths on which devices get their settings and report on them (contract/1-link §3, §5). */
export function settingsRoutes(io: SettingsRoutesIo): readonly DeviceRoute[] {
  const changes = (path: string) =>
    deviceRoute(path, ChangesRequest, ({ device, body, now }) => {
      if (body.health && device.auth === "signed") io.told(device, body.health, now);
      return jsonAnswer(200, handOutSettings(device, io, now));
    });
  return [
    changes("/changes"),
    changes("/device_settings"),
    deviceRoute("/config/report", ConfigReport, ({ device, body, now }) => {
      return jsonAnswer(200, takeSettingsReport(device, body.updates, io, now));
    }),
  ];
}
