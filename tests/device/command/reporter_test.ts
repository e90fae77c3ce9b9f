import assert from "node:assert/strict";
import { createJournal } from "../../../device/command/journal.ts";
import { keepReporting } from "../../../device/command/reporter.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import type { Exchange } from "../../../device/uplink/exchange.ts";
import { Notifier } from "../../../device/uplink/notifier.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { fakeLog } from "../../fakes/log.ts";

const report = { device_id: DeviceId.parse("test-node"), command_id: "a", status: "completed" } as const;
const received: Exchange = { kind: "answer", status: 200, body: { status: "success", message: "ok", command_id: "a" } };

/** When a report is sent to a gateway that answers so, in seconds, and what is still held after ten minutes. */
async function reported(answers: readonly Exchange[]) {
  using db = openNodeDatabase(":memory:");
  const journal = createJournal(db);
  journal.finish(report);
  const clock = new FakeClock();
  const sent: number[] = [];
  const gateway = {
    post: () => {
      sent.push(clock.monotonic() / 1000);
      return Promise.resolve(answers[sent.length - 1] ?? received);
    },
  };
  const stop = new AbortController();
  const io = { journal, gateway, notifier: new Notifier(), clock, random: { float: () => 0 }, log: fakeLog().log };
  const running = keepReporting(io, stop.signal);
  await clock.advance(600_000);
  stop.abort();
  await running;
  return { sent, held: journal.holding() };
}

Deno.test("a report is sent once to a gateway that takes it", async () => {
  assert.deepEqual(await reported([received]), { sent: [0], held: [] });
});

Deno.test("a gateway that does not know the path does not have the report: it is sent again", async () => {
  const unknown: Exchange = { kind: "answer", status: 405, body: {} };
  const { sent, held } = await reported([unknown, unknown, received]);
  assert.deepEqual([sent.length, held], [3, []]);
});

Deno.test("a gateway that asks for a pause gets it before the report comes again", async () => {
  const busy: Exchange = { kind: "answer", status: 503, body: {}, retryAfterMs: 240_000 };
  assert.deepEqual(await reported([busy, received]), { sent: [0, 240], held: [] });
});

Deno.test("what the gateway refuses for good is not sent for ever", async () => {
  const refused: Exchange = { kind: "answer", status: 404, body: { detail: "there is no such command" } };
  assert.deepEqual(await reported([refused]), { sent: [0], held: [] });
});
