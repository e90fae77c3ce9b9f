import { z } from "zod";
import { QUANTITY_PATTERN, quantityText } from "../../../platform/quantity.ts";
import { ConfigFile } from "./config_file.ts";

const Meta = z.object({ quantity: z.enum(["duration", "bytes"]), least: z.string(), most: z.string() });

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (2020-12) of the configuration file, for editors and for the reference. */
export function configSchema(): JsonSchema {
  const schema = z.toJSONSchema(ConfigFile, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => describeQuantity(zodSchema, jsonSchema),
  });
  return { ...schema, title: "EcoWatt configuration" };
}

/** A quantity is a number or a text to the schema that parses it; an editor wants to know which texts, and the default. */
function describeQuantity(schema: z.core.$ZodTypes, json: JsonSchema): void {
  const meta = Meta.safeParse(json);
  if (!meta.success) return;
  const { quantity } = meta.data;
  const { def } = schema._zod;
  if (def.type === "default" && typeof def.defaultValue === "number") {
    json.default = quantityText(def.defaultValue, quantity);
  }
  delete json.type;
  json.anyOf = [{ type: "number" }, { type: "string", pattern: QUANTITY_PATTERN[quantity] }];
}
