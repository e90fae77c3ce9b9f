import { programFile } from "../../../platform/program_files.ts";

/** A file of packaging/ that the executable carries with it. */
type AssetName = "boot-guard" | "preflight" | "ecowatt.service" | "sysusers.conf" | "ecowatt.yaml";

/** The text of a packaged file. */
export function asset(name: AssetName): Promise<string> {
  return Deno.readTextFile(programFile(`packaging/${name}`));
}
