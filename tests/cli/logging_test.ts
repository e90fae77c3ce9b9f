import assert from "node:assert/strict";
import { journalText, logsToJournal } from "../../cli/journal.ts";
import { startLogging, stopLogging } from "../../cli/logging.ts";

async function logged(options: { logJson?: boolean; journald?: boolean }): Promise<string[]> {
  const lines: string[] = [];
  const terminal = { out: () => {}, err: (line: string) => void lines.push(line) };
  const log = await startLogging(
    { logLevel: "info", logJson: options.logJson ?? false },
    terminal,
    options.journald ?? false,
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
