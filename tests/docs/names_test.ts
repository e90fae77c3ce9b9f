import assert from "node:assert/strict";
import { configSchema } from "../../cli/service/config/config_schema.ts";
import { configKeys } from "../../docs/make/configuration_page.ts";
import {
  BOARD_SETTINGS,
  conditionTopic,
  DEVICE_SETTINGS,
  deviceStatusTopic,
  firmwareTopic,
  GATEWAY_STATUS,
  installTopic,
  inverterEnergyTopic,
  inverterStateTopic,
  powerLimitCommandTopic,
  powerLimitTopic,
} from "../../gateway/mqtt/topics.ts";
import { LEGACY_TOPIC } from "../../gateway/boards/answers.ts";
import { blocks, pages } from "./text.ts";

const TOPICS = new Set([
  GATEWAY_STATUS,
  BOARD_SETTINGS,
  LEGACY_TOPIC,
  DEVICE_SETTINGS.replace("+", "<device>"),
  deviceStatusTopic("<device>") ?? "",
  conditionTopic("<device>"),
  firmwareTopic("<device>"),
  installTopic("<device>"),
  inverterStateTopic("<device>", "<inverter>"),
  inverterEnergyTopic("<device>", "<inverter>"),
  powerLimitTopic("<device>", "<inverter>"),
  powerLimitCommandTopic("<device>", "<inverter>"),
]);

/** Words in backticks, outside of blocks. */
async function quoted(): Promise<readonly { readonly path: string; readonly word: string }[]> {
  return (await pages()).filter(({ path }) => !path.startsWith("docs/decisions/")).flatMap(({ path, text }) =>
    [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => ({ path, word }))
  );
}

Deno.test("every MQTT topic that a document names is one of the program's, and docs/mqtt.md has them all", async () => {
  const named = (await quoted()).filter(({ word }) => /^(ecowatt|esp32)\/[a-z<]/.test(word) && !word.includes(" "));
  const files = /\.(ts|md|schema\.json|yaml|ecowatt)$/;
  const unknown = named.filter(({ word }) => !TOPICS.has(word) && !files.test(word));
  assert.deepEqual(unknown, []);
  const table = new Set(named.filter(({ path }) => path === "docs/mqtt.md").map(({ word }) => word));
  assert.deepEqual([...TOPICS].filter((topic) => !table.has(topic)), []);
});

Deno.test("every metric that a document names is in the program's source", async () => {
  const named = (await quoted()).filter(({ word }) => /^ecowatt_[a-z_]+$/.test(word) && word !== "ecowatt_session");
  const source: string[] = [];
  for (const folder of ["gateway/metrics", "device/metrics", "platform/metrics"]) source.push(await sourceIn(folder));
  const text = source.join("\n");
  const isOurs = (word: string) => new RegExp(`["\`](${word}|${word.replace("ecowatt_", "")})["\`]`).test(text);
  assert.deepEqual(named.filter(({ word }) => !isOurs(word)), []);
});

async function sourceIn(folder: string): Promise<string> {
  const parts: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(new URL(`../../${folder}/`, import.meta.url))) {
      if (isFile) parts.push(await Deno.readTextFile(new URL(`../../${folder}/${name}`, import.meta.url)));
      else parts.push(await sourceIn(`${folder}/${name}`));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return parts.join("\n");
}

Deno.test("every key of the configuration that a document writes as a path or in YAML is one of the schema's", async () => {
  const keys = new Set(configKeys(configSchema()).map(({ path }) => path.replaceAll("[]", "")));
  const named = (await quoted()).filter(({ word }) => /^(gateway|node|update)\.[a-z_.[\]0-9]+$/.test(word));
  const unknown = named.filter(({ word }) =>
    !keys.has(word.replaceAll("[]", "")) && !/\.(ts|service|md|yaml|sqlite|db|before)$/.test(word)
  );
  assert.deepEqual(unknown, []);
  const yaml = (await pages()).flatMap((page) => blocks(page, "yaml"));
  assert.ok(yaml.length > 5, "YAML itself is checked by tests/docs/configuration_test.ts");
});
