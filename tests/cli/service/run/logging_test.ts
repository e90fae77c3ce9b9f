import assert from "node:assert/strict";
import { journalText, logsToJournal } from "../../../../cli/service/run/journal.ts";
import { RecentLog } from "../../../../platform/recent_log.ts";
import { startLogging, stopLogging } from "../../../../cli/service/run/logging.ts";

async function logged(options: { logJson?: boolean; journald?: boolean }): Promise<string[]> {
  const lines: string[] = [];
  const terminal = { out: () => {}, err: (line: string) => void lines.push(line) };
  const log = await startLogging(
    { logLevel: "info", logJson: options.logJson ?? false },
    terminal,
    { journald: options.journald ?? false },
  );
  log.getChild("uplink").warn("refused {device} {token}", {
    device: "roof",
    token: "test-secret",
    device_key: "test-secret",
  });
  log.debug("not shown");
  await stopLogging();
  return lines;
}

Deno.test("a log line never shows what a field named as a secret holds", async () => {
  for (const options of [{}, { logJson: true }, { journald: true }]) {
    const lines = await logged(options);
    assert.equal(lines.length, 1);
    assert.ok(!lines[0]?.includes("test-secret"), lines[0]);
    assert.ok(lines[0]?.includes("roof"));
  }
});

Deno.test("journald reads the severity from the line's prefix", async () => {
  assert.match((await logged({ journald: true }))[0] ?? "", /^<4>uplink: refused roof \[redacted\]$/);
});

Deno.test("lines go to the journal when its stream is this standard error, or the boot guard stands between", () => {
  const stderr = () => ({ dev: 9n, ino: 4711n });
  const journal = (variables: Record<string, string>) => logsToJournal((name) => variables[name], stderr);
  assert.equal(journal({}), false);
  assert.equal(journal({ JOURNAL_STREAM: "9:4711" }), true);
  assert.equal(journal({ JOURNAL_STREAM: "9:4712" }), false, "a shell of the service that redirects its errors");
  assert.equal(journal({ JOURNAL_STREAM: "9:4712", ECOWATT_TRIAL: "ab" }), true);
  const closed = () => {
    throw new Error("closed");
  };
  assert.equal(logsToJournal((name) => name === "JOURNAL_STREAM" ? "9:4711" : undefined, closed), false);
});

Deno.test("every line of an event has its severity", () => {
  assert.equal(journalText(4, "one\ntwo"), "<4>one\n<4>two");
});

Deno.test("the newest events are kept without secrets, from info on, whatever the terminal shows", async () => {
  const lines: string[] = [];
  const recent = new RecentLog(2);
  const log = await startLogging(
    { logLevel: "error" },
    { out: () => {}, err: (line) => void lines.push(line) },
    { journald: false, recent },
  );
  try {
    log.debug("nobody asked for this");
    log.info("the first");
    log.getChild("mqtt").warn("broker says {password}", { password: "test-secret" });
    log.error("the last");
  } finally {
    await stopLogging();
  }
  const entries = recent.latest({ limit: 10, level: "info" }).map(({ level, area, message }) => [level, area, message]);
  assert.deepEqual(entries, [["error", "ecowatt", "the last"], ["warning", "mqtt", "broker says [redacted]"]]);
  assert.equal(recent.latest({ limit: 10, level: "error" }).length, 1);
  assert.equal(recent.latest({ limit: 1, level: "info" })[0]?.message, "the last");
  assert.equal(lines.length, 1);
});
