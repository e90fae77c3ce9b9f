import { apiPage } from "./api_page.ts";
import { configSchema } from "../../cli/service/config/config_schema.ts";
import { configurationPage } from "./configuration_page.ts";
import { decisionsPage } from "./decisions_page.ts";
import { protocolPage } from "./protocol_page.ts";
import { programLibrary } from "../../profiles/library.ts";
import { jsonSchemaOf } from "../../platform/json_schema.ts";
import { profileDocument } from "../../protocol/profile/format/document.ts";
import { devicesPage } from "./devices_page.ts";
import { ecowattDocument } from "./ecowatt_document.ts";
import { sunspecModels } from "./sunspec_models.ts";
import { readDocument } from "./document.ts";

/** Every page that is made, by its path, with what makes it. */
export const PAGES: readonly (readonly [path: string, make: () => Promise<string>])[] = [
  ["docs/api.md", async () => apiPage(await readDocument())],
  ["docs/configuration.md", () => Promise.resolve(configurationPage(configSchema()))],
  ["docs/protocol.md", protocolPage],
  ["packaging/ecowatt.schema.json", () => Promise.resolve(JSON.stringify(configSchema(), null, 2))],
  [
    "packaging/ecowatt-profile.schema.json",
    () => Promise.resolve(JSON.stringify(jsonSchemaOf(profileDocument(), "EcoWatt device profile"), null, 2)),
  ],
  ["protocol/profile/ecowatt_document.ts", ecowattDocument],
  ["protocol/profile/sunspec/models.ts", sunspecModels],
  ["docs/devices.md", () => Promise.resolve(devicesPage(programLibrary))],
  ["docs/decisions/README.md", () => decisionsPage(new URL("../decisions/", import.meta.url))],
];
