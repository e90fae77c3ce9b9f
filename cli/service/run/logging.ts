import {
  compareLogLevel,
  configure,
  getLogger,
  type Logger,
  type LogLevel,
  type LogRecord,
  reset,
  type Sink,
} from "@logtape/logtape";
import { redactByField } from "@logtape/redaction";
import { type Command, Option } from "commander";
import type { LogEntry, RecentLog } from "../../../platform/recent_log.ts";
import { journalText, processLogsToJournal } from "./journal.ts";
import type { Terminal } from "../../terminal/output.ts";

/** Levels a user can choose. */
const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** syslog severities (RFC 5424 §6.2.1), which journald reads from a line's `<n>` prefix. */
const PRIORITY: Record<LogLevel, number> = { trace: 7, debug: 7, info: 6, warning: 4, error: 3, fatal: 2 };

/** Names of fields whose values never leave the process. */
const SECRETS = [/(^|[_-])(key|psk|secret|token|password)$/i, /^authorization$/i];

/** What a user says about logging. */
export interface LogFlags {
  readonly logLevel: LogLevel;
  readonly logJson?: boolean;
}

/** Adds `--log-level` and `--log-json` to a command that runs for long. */
export function logFlags(command: Command, level: (typeof LOG_LEVELS)[number] = "info"): Command {
  return command
    .addOption(new Option("--log-level <level>", "least severe events to log").choices(LOG_LEVELS).default(level))
    .option("--log-json", "log as JSON lines");
}

/** Where a program's events go besides standard error. */
interface LogTargets {
  /** Whether systemd listens and takes priorities. */
  readonly journald?: boolean;
  /** Keeps the newest, from `info` on. */
  readonly recent?: RecentLog;
}

/** Sends the program's events to standard error, in journald's form where systemd listens. */
export async function startLogging(
  flags: LogFlags,
  terminal: Terminal,
  { journald = processLogsToJournal(), recent }: LogTargets = {},
): Promise<Logger> {
  const format = flags.logJson ? jsonLine : journald ? journalLine : plainLine;
  const toTerminal = withLevel(flags.logLevel, (record) => terminal.err(format(record)));
  const lowest = recent === undefined || compareLogLevel(flags.logLevel, "info") < 0 ? flags.logLevel : "info";
  await configure({
    reset: true,
    sinks: {
      stderr: withoutSecrets(toTerminal),
      recent: withoutSecrets((record) => recent?.add(entryOf(record))),
    },
    loggers: [
      { category: ["ecowatt"], lowestLevel: lowest, sinks: ["stderr", "recent"] },
      { category: ["logtape"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
  return getLogger(["ecowatt"]);
}

const withoutSecrets = (sink: Sink) => redactByField(sink, { fieldPatterns: SECRETS, action: () => "[redacted]" });

const withLevel = (level: LogLevel, sink: Sink): Sink => (record) => {
  if (compareLogLevel(record.level, level) >= 0) sink(record);
};

function entryOf(record: LogRecord): LogEntry {
  return { at: record.timestamp, level: record.level, area: area(record), message: text(record) };
}

/** Ends logging, so that a later start begins anew. */
export const stopLogging = (): Promise<void> => reset();

function text(record: LogRecord): string {
  return record.message.map((part) => (typeof part === "string" ? part : shown(part))).join("");
}

function shown(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
}

function plainLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString().slice(11, 23);
  return `${time} ${record.level.padEnd(7)} ${area(record)}: ${text(record)}`;
}

function journalLine(record: LogRecord): string {
  return journalText(PRIORITY[record.level], `${area(record)}: ${text(record)}`);
}

function jsonLine(record: LogRecord): string {
  const fields = Object.fromEntries(
    Object.entries(record.properties).map(([name, value]) => [name, plain(value)]),
  );
  return JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    area: area(record),
    message: text(record),
    ...fields,
  });
}

function plain(value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message } : value;
}

function area(record: LogRecord): string {
  return record.category.slice(1).join(".") || "ecowatt";
}
