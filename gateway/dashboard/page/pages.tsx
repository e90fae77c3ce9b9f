import type { ComponentChildren } from "preact";
import { DevicesPage } from "./pages/devices.tsx";
import { NotFoundPage } from "./pages/not_found.tsx";
import { OverviewPage } from "./pages/overview.tsx";
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
  const [name = ""] = parts;
  switch (name) {
    case "":
      return <OverviewPage />;
    case "devices":
      return <DevicesPage />;
    default:
      return <NotFoundPage />;
  }
}
