import { parseYaml } from "../../../../platform/yaml_text.ts";
import { profileDocument } from "../../../../protocol/profile/format/document.ts";

/** A small profile that is right; `more` comes after it, `registers` among its own. */
export function written(registers: readonly string[] = [], more: readonly string[] = []): string {
  return [
    "profile: ecowatt-profile/1",
    "name: tried",
    "title: Tried",
    "class: hybrid",
    "status: transcribed",
    "registers:",
    "  Kind: { address: 0, type: u16 }",
    "  W: { address: 1, type: i16, unit: W }",
    ...registers.map((line) => `  ${line}`),
    "fit: [{ register: Kind, any: [5] }]",
    ...more,
    "",
  ].join("\n");
}

/** What is wrong with it, as `line:column message`; nothing: it is right. */
export function faultsIn(text: string): readonly string[] {
  const parsed = parseYaml(text, profileDocument());
  return parsed.ok ? [] : parsed.faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
}
