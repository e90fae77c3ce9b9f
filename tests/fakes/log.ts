import { getLogger, type Logger } from "@logtape/logtape";

/** A logger that keeps what it is told. */
export interface FakeLog {
  readonly log: Logger;
  /** `warn: bus silent on roof`, with the fields in their places; nothing below `info`. */
  readonly lines: readonly string[];
}

const LEVELS = ["info", "warn", "error"] as const;

export function fakeLog(): FakeLog {
  const lines: string[] = [];
  const quiet = getLogger(["test"]);
  const tell = (level: string) => (text: string, fields: Readonly<Record<string, unknown>> = {}) => {
    lines.push(`${level}: ${text.replace(/\{(\w+)\}/g, (_, name) => String(fields[name]))}`);
  };
  const told = new Map<PropertyKey, unknown>(LEVELS.map((level) => [level, tell(level)]));
  const log: Logger = new Proxy(quiet, {
    get: (target, name) => name === "getChild" ? () => log : told.get(name) ?? Reflect.get(target, name),
  });
  return { log, lines };
}
