import type { z } from "@hono/zod-openapi";
import type { DeviceView, Key } from "../../../api/devices.ts";
import type { DeviceEnergyView, FleetEnergyView } from "../../../api/energy.ts";
import type { PowerView } from "../../../api/power.ts";
import type { LatestView, SamplesView } from "../../../api/samples.ts";
import type { View as TemplateView } from "../../../api/settings_templates.ts";
import type { ChangedView, EventView, SettingsView } from "../../../api/settings_view.ts";

/** What the gateway's own schemas say that it answers. */
export type Device = z.infer<typeof DeviceView>;
export type DeviceState = Device["state"];
export type DeviceWithKeys = Device & { readonly keys: readonly z.infer<typeof Key>[] };
export type Devices = { readonly devices: readonly Device[]; readonly next: string | null };
export type FleetEnergy = z.infer<typeof FleetEnergyView>;
export type DeviceEnergy = z.infer<typeof DeviceEnergyView>;
export type Power = z.infer<typeof PowerView>;
export type Latest = z.infer<typeof LatestView>;
export type LatestValue = Latest["values"][number];
export type Samples = z.infer<typeof SamplesView>;
export type Settings = z.infer<typeof SettingsView>;
export type ChangedSettings = z.infer<typeof ChangedView>;
export type SettingsEvent = z.infer<typeof EventView>;
export type Template = z.infer<typeof TemplateView>;
