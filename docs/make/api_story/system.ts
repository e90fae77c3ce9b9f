import type { Step } from "./step.ts";

/** The machine, MQTT, metrics and events. */
export const SYSTEM: readonly Step[] = [
  {
    name: "system",
    summary: "A small box",
    operation: "get /api/v1/system",
    as: "viewer",
    status: 200,
    instead: {
      runtime: "Deno 2.9.6, aarch64-unknown-linux-gnu",
      memory_bytes: 118_000_000,
      database_bytes: 4_200_000,
      disk: { free_bytes: 21_000_000_000, total_bytes: 31_000_000_000 },
    },
  },
  { name: "alarms", summary: "What needs a look", operation: "get /api/v1/alarms", as: "viewer", status: 200 },
  {
    name: "log",
    summary: "Warnings and worse; there are none",
    operation: "get /api/v1/system/log",
    as: "operator",
    query: { level: "warning", limit: "100" },
    status: 200,
  },
  {
    name: "backup",
    summary: "Into a file: curl -OJ",
    operation: "get /api/v1/system/backup",
    as: "admin",
    status: 200,
    instead: "(a gzipped tar archive)",
  },
  {
    name: "support_bundle",
    summary: "How it begins",
    operation: "get /api/v1/system/support-bundle",
    as: "admin",
    status: 200,
    instead: { contents: { system: { version: "1.0.0" } } },
  },
];
