import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { ConfigFile } from "../../cli/service/config/config_file.ts";
import { configSchema } from "../../cli/service/config/config_schema.ts";
import { parseYaml } from "../../cli/service/config/yaml_file.ts";
import { configKeys } from "../../docs/make/configuration_page.ts";
import { blocks, pages } from "./text.ts";

/** What a node needs besides what an example is about. */
const NODE = {
  device_id: "roof",
  gateway: "http://localhost:8080",
  buses: [{ tcp: { host: "localhost" }, inverters: [{}] }],
};

/** The configuration that a fragment is a part of. */
function completed(block: string): string {
  const fragment = Object(parse(block));
  return fragment.gateway && !fragment.node ? block : stringify({ ...fragment, node: { ...NODE, ...fragment.node } });
}

for (const page of (await pages()).filter((page) => blocks(page, "yaml").some(isConfiguration))) {
  Deno.test(`every configuration in ${page.path} is right`, () => {
    for (const block of blocks(page, "yaml").filter(isConfiguration)) {
      const parsed = parseYaml(completed(block), ConfigFile, (name) => `the value of ${name}`);
      assert.ok(
        parsed.ok,
        `${block}\n${parsed.ok ? "" : parsed.faults.map(({ line, message }) => `${line}: ${message}`)}`,
      );
    }
  });
}

function isConfiguration(block: string): boolean {
  return /^(gateway|node|update|data_dir):/m.test(block);
}

Deno.test("every key of the configuration says what it is for", () => {
  const keys = configKeys(configSchema());
  assert.ok(keys.length > 80);
  assert.deepEqual(keys.filter(({ schema }) => (schema.description ?? "").length < 5).map(({ path }) => path), []);
});

Deno.test("every number of the configuration has bounds, and every default lies within them", () => {
  for (const { path, schema } of configKeys(configSchema())) {
    const { type, minimum, maximum, default: value } = schema;
    if (type !== "integer" && type !== "number") continue;
    assert.ok(minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER, path);
    if (typeof value === "number") assert.ok(value >= minimum && value <= maximum, path);
  }
});
