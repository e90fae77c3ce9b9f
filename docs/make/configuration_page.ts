import { z } from "zod";

const HEAD = `# Configuration

One YAML file says what a box does: a \`gateway:\` section makes it a gateway, a \`node:\` section a node, both make it
both. \`ecowatt run\` looks for \`/etc/ecowatt/ecowatt.yaml\`; \`ecowatt init\` writes it, \`ecowatt check\` says what is wrong
with it, by line and column. This page is made from the schema that checks the file.

A node that polls one inverter on a USB adapter:

\`\`\`yaml
# yaml-language-server: $schema=./ecowatt.schema.json
node:
  device_id: roof
  gateway: http://gateway.example:8080
  location: { latitude: 52.52, longitude: 13.4 }
  buses:
    - serial: { path: /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0, baud: 9600 }
      inverters:
        - { name: roof-1, profile: ecowatt, unit: 17 }
\`\`\`

A box that is gateway and node in one, with a SunSpec inverter on the network and an MQTT broker of its own:

\`\`\`yaml
gateway:
  port: 8080
  time_zone: Europe/Berlin
  mqtt: { embedded: { port: 1883 } }
node:
  device_id: roof
  gateway: http://127.0.0.1:8080
  poll_interval: 5s
  buses:
    - tcp: { host: 192.168.1.40 }
      inverters:
        - { name: roof-1, profile: sunspec }
\`\`\`

- A duration is \`500ms\`, \`2s\`, \`5m\`, \`1h\` or a number of seconds; a size is \`10MB\`, \`256MiB\` or a number of bytes.
- \`\${NAME}\` in a value is replaced by that variable of the environment: that keeps secrets out of the file.
- An unknown key is an error, so that a misspelt one is noticed.
- \`packaging/ecowatt.schema.json\` is the same as JSON Schema; \`ecowatt check --schema\` prints it. Put beside the file,
  with the first line of the first example, it makes editors complete and check.
`;

interface Schema {
  readonly description?: string | undefined;
  readonly type?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly quantity?: string | undefined;
  readonly least?: string | undefined;
  readonly most?: string | undefined;
}

const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    description: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(Schema).optional(),
    properties: z.record(z.string(), Schema).optional(),
    required: z.array(z.string()).optional(),
    items: Schema.optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
    pattern: z.string().optional(),
    format: z.string().optional(),
    quantity: z.string().optional(),
    least: z.string().optional(),
    most: z.string().optional(),
  })
);

/** One key of the configuration: `node.buses[].serial.baud`. */
interface ConfigKey {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** Every key of a configuration schema, sections before what is in them. */
export function configKeys(schema: unknown): readonly ConfigKey[] {
  return keysOf("", Schema.parse(schema));
}

function keysOf(prefix: string, { properties = {}, required = [] }: Schema): readonly ConfigKey[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const inside = schema.items ? keysOf(`${path}[]`, schema.items) : keysOf(path, schema);
    return [{ path, schema, required: required.includes(name) }, ...inside];
  });
}

/** `docs/configuration.md` from the JSON Schema of the file. */
export function configurationPage(schema: unknown): string {
  const keys = configKeys(schema);
  const sections = Map.groupBy(keys, ({ path }) => path.split(".").slice(0, -1).join("."));
  const parts = [...sections].map(([section, members]) => {
    const about = keys.find(({ path }) => `${path}[]` === section || path === section)?.schema.description;
    const title = section === "" ? "The file" : `\`${section}\``;
    return `## ${title}\n\n${about ? `${sentence(about)}\n\n` : ""}${table(members)}\n`;
  });
  return [HEAD, ...parts].join("\n");
}

function table(keys: readonly ConfigKey[]): string {
  const rows = keys.map(({ path, schema, required }) => {
    const name = path.split(".").at(-1) ?? path;
    return `| \`${name}\` | ${defaultOf(schema, required)} | ${cell(rangeOf(schema))} | ${
      cell(sentence(schema.description ?? ""))
    } |`;
  });
  return ["| key | when left out | may be | what |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function defaultOf({ default: value, properties }: Schema, required: boolean): string {
  if (required) return "**needed**";
  if (value === undefined || (properties !== undefined && value !== null)) return "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function rangeOf(schema: Schema): string {
  const { type, enum: values, anyOf, properties, items, minimum, maximum, minItems, maxItems, quantity } = schema;
  if (quantity !== undefined) return `${quantity === "bytes" ? "size" : quantity}, ${schema.least} to ${schema.most}`;
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (anyOf !== undefined) return anyOf.map(rangeOf).join(" or ");
  if (properties !== undefined) return "section";
  if (items !== undefined) return `list of ${minItems ?? 0} to ${maxItems ?? "any number"}`;
  if (type === "boolean") return "`true`, `false`";
  if (typeof type === "string" && ["integer", "number"].includes(type)) {
    return `${type === "integer" ? "whole " : ""}number, ${minimum} to ${maximum}`;
  }
  return schema.format === "uri" ? "address" : "text";
}

function sentence(text: string): string {
  return /^[a-z]+ /.test(text) ? `${text[0]?.toUpperCase()}${text.slice(1)}` : text;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
