import { parseYaml } from "../../platform/yaml_text.ts";
import { profileDocument } from "../../protocol/profile/format/document.ts";

const FILE = "profiles/ecowatt/profile.yaml";

/** The ten-register inverter as a module: boards and settings need it before any file can be read. */
export async function ecowattDocument(): Promise<string> {
  const parsed = parseYaml(await Deno.readTextFile(new URL(`../../${FILE}`, import.meta.url)), profileDocument());
  if (!parsed.ok) throw new Error(`Cannot read ${FILE}: ${parsed.faults[0]?.message}`);
  return [
    `import type { ProfileDocument } from "./format/document.ts";`,
    "",
    `/** ${FILE}, made by \`deno task docs\`: change that. */`,
    `export const ecowattDocument: ProfileDocument = ${JSON.stringify(parsed.value)};`,
    "",
  ].join("\n");
}
