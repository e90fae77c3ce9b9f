import assert from "node:assert/strict";
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
