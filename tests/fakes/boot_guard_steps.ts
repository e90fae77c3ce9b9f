import { utf8 } from "../../crypto/bytes.ts";
import type { SlotFiles } from "../../ota/slots/files.ts";

/** What the script takes for a program, as far as tests have them: a script that names its shell. */
export function isProgram(content: Uint8Array | undefined): boolean {
  return content !== undefined && content[0] === 0x23 && content[1] === 0x21;
}

/** The script's `note`. */
export async function durablyNoted(files: SlotFiles, line: string): Promise<void> {
  await files.unlink("attempts.new");
  await files.write("attempts.new", 0, utf8(line));
  await files.sync("attempts.new");
  await files.rename("attempts.new", "attempts");
  await files.syncFolder("attempts");
}
