import { z } from "zod";
import { QUANTITY_PATTERN, quantityText } from "./quantity.ts";

const Meta = z.object({ quantity: z.enum(["duration", "bytes"]), least: z.string(), most: z.string() });

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of what people write so that `schema` accepts it, for editors and for the reference. */
export function jsonSchemaOf(schema: z.ZodType, title: string): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => describeQuantity(zodSchema, jsonSchema),
  });
  return { ...json, title };
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

/** The keys that there can be at a place of what people write. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: readonly JsonSchema[] = alternatives(jsonSchemaOf(schema, ""));
  for (const key of path) here = here.flatMap((one) => below(one, key)).flatMap(alternatives);
  return [...new Set(here.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const parts = [...schema.anyOf ?? [], ...schema.oneOf ?? [], ...schema.allOf ?? []];
  return [schema, ...parts.filter(isSchema).flatMap(alternatives)];
}

function below({ properties, additionalProperties, items }: JsonSchema, key: PropertyKey): readonly JsonSchema[] {
  return [properties?.[String(key)] ?? additionalProperties, ...[items].flat()].filter(isSchema);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null;
}
