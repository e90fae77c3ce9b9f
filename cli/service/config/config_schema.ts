import { type JsonSchema, jsonSchemaOf } from "../../../platform/json_schema.ts";
import { ConfigFile } from "./config_file.ts";

/** JSON Schema (2020-12) of the configuration file, for editors and for the reference. */
export function configSchema(): JsonSchema {
  return jsonSchemaOf(ConfigFile, "EcoWatt configuration");
}
