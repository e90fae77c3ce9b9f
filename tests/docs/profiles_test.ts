import assert from "node:assert/strict";
import { parseYaml } from "../../platform/yaml_text.ts";
import { profileDocument } from "../../protocol/profile/format/document.ts";
import { jsonSchemaOf } from "../../platform/json_schema.ts";

const [, example = ""] = /```yaml\n([^]*?)```/.exec(
  await Deno.readTextFile(new URL("../../docs/profiles.md", import.meta.url)),
) ?? [];

Deno.test("the example of a profile is taken, and shows every key of the format", () => {
  const parsed = parseYaml(example, profileDocument());
  assert.deepEqual(parsed, { ok: true, value: parsed.ok && parsed.value });
  const keys = Object.keys(jsonSchemaOf(profileDocument(), "").properties ?? {});
  assert.deepEqual(keys.filter((key) => !new RegExp(`^${key}:`, "m").test(example)), []);
});
