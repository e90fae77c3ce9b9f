import type { ComponentChildren } from "preact";
import { CommandsPage } from "./pages/commands.tsx";
import { DevicePage } from "./pages/device.tsx";
import { DevicesPage } from "./pages/devices.tsx";
import { DeviceSettingsPage } from "./pages/device_settings.tsx";
import { FirmwarePage } from "./pages/firmware.tsx";
import { NotFoundPage } from "./pages/not_found.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { SecurityPage } from "./pages/security.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { SystemPage } from "./pages/system.tsx";
import type { Route } from "./router.ts";

/** The entries of the navigation; `name` is the first part of the address. */
export const NAVIGATION: readonly { readonly name: string; readonly title: string }[] = [
  { name: "", title: "Overview" },
  { name: "devices", title: "Devices" },
  { name: "commands", title: "Commands" },
  { name: "settings", title: "Settings" },
  { name: "firmware", title: "Firmware" },
  { name: "security", title: "Security" },
  { name: "system", title: "System" },
];

/** The page of an address. */
export function pageOf({ parts }: Route): ComponentChildren {
  const [name = "", id] = parts;
  switch (name) {
    case "":
      return <OverviewPage />;
    case "devices":
      return id === undefined ? <DevicesPage /> : <DevicePage id={id} />;
    case "commands":
      return <CommandsPage device={id} />;
    case "settings":
      return id === undefined ? <SettingsPage /> : <DeviceSettingsPage id={id} />;
    case "firmware":
      return <FirmwarePage />;
    case "security":
      return <SecurityPage />;
    case "system":
      return <SystemPage />;
    default:
      return <NotFoundPage />;
  }
}
