import { fstatSync } from "node:fs";
import type { Env } from "../../data_dir.ts";

const STDERR = 2;

/** Device and inode of an open file. */
type Identify = (fd: number) => { readonly dev: bigint; readonly ino: bigint };

/**
 * Whether standard error goes to systemd's journal (systemd.exec(5), `$JOURNAL_STREAM`): the variable alone is inherited by
 * whoever redirects it. The boot guard passes the lines of an image on trial on.
 */
export function logsToJournal(env: Env, identify: Identify = identified): boolean {
  const stream = env("JOURNAL_STREAM");
  if (!stream) return false;
  if (env("ECOWATT_TRIAL")) return true;
  try {
    const { dev, ino } = identify(STDERR);
    return stream === `${dev}:${ino}`;
  } catch {
    return false; // closed
  }
}

const identified: Identify = (fd) => fstatSync(fd, { bigint: true });

/** Whether this process logs to the journal. */
export function processLogsToJournal(): boolean {
  return logsToJournal((name) => Deno.env.get(name));
}

/** A text as the journal takes it: it reads the severity (RFC 5424 §6.2.1) from a prefix of each line. */
export function journalText(priority: number, text: string): string {
  return text.split("\n").map((line) => `<${priority}>${line}`).join("\n");
}
