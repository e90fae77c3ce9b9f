import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { CommandRunner } from "../../../device/command/command_runner.ts";
import { createJournal } from "../../../device/command/journal.ts";
import { openNodeDatabase } from "../../../device/store/database.ts";
import type { Exchange } from "../../../device/uplink/exchange.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { workbench } from "./workbench.ts";

interface Posted {
  readonly path: string;
  readonly message: { readonly status?: string; readonly holding?: readonly string[]; readonly command_id?: string };
  readonly at: number;
}

const unreachable: Exchange = { kind: "unreachable", message: "gone" };
const device = DeviceId.parse("test-node");

const ok = (body: Record<string, unknown>): Exchange => ({
  kind: "answer",
  status: 200,
  body: { status: "success", ...body },
});
const handsOut = (commands: readonly unknown[], more = {}) =>
  ok({ device_id: device, command_count: commands.length, commands, ...more });
const setPower = (command_id: string, more = {}) => ({
  command_id,
  command_type: "set_power",
  parameters: { power_value: 40 },
  ...more,
});

/** A commandRunner before a gateway that answers as told, and time to pass. */
async function withCommandRunner(
  answer: (path: string, count: number) => Exchange,
  run: (site: { posted: Posted[]; bench: ReturnType<typeof workbench>; commandRunner: CommandRunner }) => Promise<void>,
): Promise<void> {
  using db = openNodeDatabase(":memory:");
  const bench = workbench({ words: new Map(Array.from({ length: 10 }, (_, address) => [address, 100])) });
  const posted: Posted[] = [];
  const commandRunner = new CommandRunner({
    device,
    inverters: bench.inverters,
    journal: createJournal(db),
    gateway: {
      post: (path, message, signal) => {
        posted.push({ path, message: JSON.parse(JSON.stringify(message)), at: bench.clock.monotonic() });
        const exchange = answer(path, posted.filter((before) => before.path === path).length);
        if (exchange.kind !== "answer" || path !== "/command/get") return Promise.resolve(exchange);
        return bench.clock.sleep(500, signal).then(() => signal.aborted ? unreachable : exchange);
      },
    },
    clock: bench.clock,
    random: { float: () => 0.5 },
    log: getLogger(["test"]),
  });
  const running = commandRunner.run(bench.stop.signal);
  await run({ posted, bench, commandRunner });
  bench.stop.abort();
  await running;
}

const reports = (posted: readonly Posted[]) => posted.filter(({ path }) => path === "/command/report");
const gets = (posted: readonly Posted[]) => posted.filter(({ path }) => path === "/command/get");

Deno.test("a command that is handed out three times is written once and reported", async () => {
  const answer = (path: string, count: number) =>
    path === "/command/get"
      ? handsOut(count <= 3 ? [setPower("a")] : [])
      : ok({ message: "received", command_id: "a" });
  await withCommandRunner(answer, async ({ posted, bench, commandRunner }) => {
    await bench.clock.advance(10_000);
    assert.equal(bench.writes.length, 1);
    assert.deepEqual(new Set(reports(posted).map(({ message }) => message.status)), new Set(["completed"]));
    assert.equal(commandRunner.status().unreported, 0);
  });
});

Deno.test("a report that does not arrive is repeated, named as held, and forgotten when it is answered", async () => {
  const answer = (path: string, count: number) => {
    if (path === "/command/get") return handsOut(count === 1 ? [setPower("a")] : []);
    return count <= 2 ? unreachable : ok({ message: "received", command_id: "a" });
  };
  await withCommandRunner(answer, async ({ posted, bench, commandRunner }) => {
    await bench.clock.advance(20_000);
    assert.equal(reports(posted).length, 3);
    assert.ok(gets(posted).some(({ message }) => message.holding?.includes("a")));
    assert.deepEqual(gets(posted).at(-1)?.message.holding, []);
    assert.equal(commandRunner.status().unreported, 0);
  });
});

Deno.test("a gateway that has no commands is asked every few minutes only", async () => {
  await withCommandRunner(
    () => ({ kind: "answer", status: 501, body: { detail: "not here" } }),
    async ({ posted, bench }) => {
      await bench.clock.advance(900_000);
      assert.ok(gets(posted).length <= 7, `${gets(posted).length} requests`);
    },
  );
});

Deno.test("one answer that nobody proves costs one ordinary pause, whatever it says", async () => {
  for (const status of [200, 204, 301, 302, 307, 400, 401, 403, 404, 405, 410, 429, 500, 501, 502, 503, 511]) {
    const answer = (path: string, count: number): Exchange => {
      if (path !== "/command/get") return ok({ message: "received", command_id: "a" });
      return count === 1 ? { kind: "unproven", status, message: "unsigned" } : handsOut([]);
    };
    await withCommandRunner(answer, async ({ posted, bench }) => {
      await bench.clock.advance(1_000);
      assert.equal(gets(posted).length, 2, `${status}`);
    });
  }
});

Deno.test("a gateway that answers at once with nothing is not asked more than once a second", async () => {
  await withCommandRunner(() => handsOut([]), async ({ posted, bench }) => {
    await bench.clock.advance(10_000);
    assert.ok(gets(posted).length >= 9 && gets(posted).length <= 11, `${gets(posted).length} requests`);
  });
});

Deno.test("the life of a command counts from when the gateway can have answered at the earliest", async () => {
  const cases: readonly [life: number, waited: number, status: string][] = [
    [400, 0, "expired"], // the answer took 500 ms, all of which may have been its way back
    [400, 450, "completed"], // the gateway held it for 450 of them
  ];
  for (const [expires_in_ms, waited_ms, status] of cases) {
    const answer = (path: string, count: number) =>
      path === "/command/get"
        ? handsOut(count === 1 ? [setPower("a", { expires_in_ms })] : [], { waited_ms })
        : ok({ message: "received", command_id: "a" });
    await withCommandRunner(answer, async ({ posted, bench }) => {
      bench.clock.jump(bench.clock.now() + 86_400_000); // of no importance
      await bench.clock.advance(3_000);
      assert.equal(reports(posted)[0]?.message.status, status);
    });
  }
});

Deno.test("an answer that is not the gateway's is not acted on", async () => {
  await withCommandRunner(
    () => ({ kind: "unproven", status: 200, message: "unsigned" }),
    async ({ bench, commandRunner }) => {
      await bench.clock.advance(5_000);
      assert.deepEqual([bench.writes.length, commandRunner.status().lastError], [0, "unsigned"]);
    },
  );
});

Deno.test("a command that was done and reported is reported again when it comes again, and is no failure", async () => {
  const answer = (path: string, count: number) =>
    path === "/command/get"
      ? handsOut([1, 8].includes(count) ? [setPower("a")] : [])
      : ok({ message: "received", command_id: "a" });
  await withCommandRunner(answer, async ({ posted, bench, commandRunner }) => {
    await bench.clock.advance(20_000);
    assert.equal(bench.writes.length, 1);
    assert.equal(reports(posted).length, 2);
    const { completed, failuresInRow, lastError } = commandRunner.status();
    assert.deepEqual({ completed, failuresInRow, lastError }, { completed: 1, failuresInRow: 0, lastError: undefined });
  });
});

Deno.test("once an update waits, the command under way is finished and the next is left to the gateway", async () => {
  const answer = (path: string, count: number) =>
    path === "/command/get" ? handsOut(count === 1 ? [setPower("a"), setPower("b")] : []) : unreachable;
  await withCommandRunner(answer, async ({ bench, commandRunner }) => {
    let resting: Promise<void> | undefined;
    bench.written = () => void (resting ??= commandRunner.rest());
    await bench.clock.advance(10_000);
    await resting;
    assert.deepEqual([bench.writes.length, commandRunner.status().completed], [1, 1]);
  });
});

Deno.test("no more than 256 commands are named as being here, however many reports wait", async () => {
  const commands = Array.from({ length: 300 }, (_, n) => ({
    command_id: `c${n}`,
    command_type: "read_register",
    parameters: { register_address: 0 },
  }));
  const answer = (path: string, count: number) =>
    path === "/command/get" ? handsOut(commands.slice(10 * (count - 1), 10 * count)) : unreachable;
  await withCommandRunner(answer, async ({ posted, bench, commandRunner }) => {
    await bench.clock.advance(60_000);
    assert.equal(commandRunner.status().unreported, 300);
    assert.equal(gets(posted).at(-1)?.message.holding?.length, 256);
  });
});
