import assert from "node:assert/strict";
import { startRunning } from "./running.ts";

const setPower = (power_value: unknown, more: Record<string, unknown> = {}) => ({
  device_id: "roof",
  command_type: "set_power",
  parameters: { power_value },
  ...more,
});

Deno.test("a command is queued, handed out, reported and shown with every step", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const queued = await gateway.ask("POST", "/command/queue", setPower(50));
  assert.equal(queued.status, 200);
  const { command_id } = queued.body;
  assert.deepEqual(queued.body, {
    status: "success",
    message: "Command queued",
    command_id,
    device_id: "roof",
    command_type: "set_power",
    queued_time: "2026-06-21T12:00:00.000Z",
  });
  assert.match(command_id, /^[A-Za-z0-9_-]{12}$/);
  await gateway.clock.advance(1_000);
  assert.deepEqual(await node.get({ holding: [] }), {
    status: "success",
    device_id: "roof",
    command_count: 1,
    commands: [{
      command_id,
      command_type: "set_power",
      parameters: { power_value: 50 },
      inverter: "roof-1",
      priority: 5,
      queued_ms: Date.parse("2026-06-21T12:00:00Z"),
    }],
    write_budget: 100,
  });
  assert.equal((await gateway.status(command_id)).status, "executing");
  await gateway.clock.advance(250);
  const result = {
    message: "Pow is 50 %",
    registers: [{ address: 8, words: [50], register: "Pow", value: 50, unit: "%" }],
  };
  const first = await node.report(command_id, "completed", { result });
  assert.deepEqual([first.status, first.signed], [200, true]);
  const again = await node.report(command_id, "failed", { error_message: "a repeat that says otherwise" });
  assert.deepEqual(again.json, first.json);
  assert.deepEqual(await gateway.status(command_id), {
    command_id,
    device_id: "roof",
    inverter: "roof-1",
    command_type: "set_power",
    parameters: { power_value: 50 },
    priority: 5,
    not_before: null,
    expires_at: null,
    override_budget: false,
    queued_by: "test operator",
    status: "completed",
    queued_time: "2026-06-21T12:00:00.000Z",
    queued_timestamp: Date.parse("2026-06-21T12:00:00Z") / 1000,
    execution_start: "2026-06-21T12:00:01.000Z",
    execution_start_timestamp: Date.parse("2026-06-21T12:00:01Z") / 1000,
    completed_time: "2026-06-21T12:00:01.250Z",
    completed_timestamp: Date.parse("2026-06-21T12:00:01.250Z") / 1000,
    execution_time_ms: 250,
    hand_outs: 1,
    lease_until: null,
    reported: true,
    result,
    error_message: null,
    steps: [
      { time: "2026-06-21T12:00:00.000Z", step: "queued", detail: "by test operator" },
      { time: "2026-06-21T12:00:01.000Z", step: "handed_out", detail: "" },
      { time: "2026-06-21T12:00:01.250Z", step: "completed", detail: "Pow is 50 %" },
      { time: "2026-06-21T12:00:01.250Z", step: "reported_again", detail: "failed" },
    ],
  });
  assert.equal((await node.get({ holding: [] })).command_count, 0);
});

Deno.test("highest priority goes first, then the oldest; not_before waits for its time", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const ids: Record<string, string> = {};
  for (
    const [name, more] of Object.entries({
      a: {},
      b: {},
      low: { priority: 0 },
      high: { priority: 9 },
      later: { priority: 9, not_before: "2026-06-21T14:00:05+02:00" },
    })
  ) ids[name] = await gateway.queue(setPower(10, more));
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  const order = (answer: { commands: { command_id: string }[] }) =>
    answer.commands.map((one) => names.get(one.command_id));
  const first = await node.get({ holding: [] });
  assert.deepEqual(order(first), ["high", "a", "b", "low"]);
  for (const { command_id } of first.commands) await node.report(command_id);
  await gateway.clock.advance(4_999);
  assert.deepEqual(order(await node.get({ holding: [] })), []);
  await gateway.clock.advance(1);
  assert.deepEqual(order(await node.get({ holding: [] })), ["later"]);
});

Deno.test("what a node holds is not handed out again, what got lost on the way is, at once and in its old order", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const a = await gateway.queue(setPower(1));
  const b = await gateway.queue(setPower(2));
  const ids = (answer: { commands: { command_id: string }[] }) => answer.commands.map((one) => one.command_id);
  assert.deepEqual(ids(await node.get({ holding: [] })), [a, b]); // an answer that does not arrive
  const c = await gateway.queue(setPower(3, { priority: 9 }));
  assert.deepEqual(ids(await node.get({ holding: [] })), [a, b, c]);
  assert.deepEqual(ids(await node.get({ holding: [a, b, c] })), []);
  await gateway.clock.advance(60_000);
  assert.deepEqual(ids(await node.get({ holding: [a, b, c] })), []);
  assert.deepEqual(ids(await node.get({ holding: [a, c] })), [b]);
  assert.equal((await gateway.status(b)).hand_outs, 3);
});

Deno.test("a device that does not say what it holds gets a command again when its lease ends, and nothing newer before", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const a = await gateway.queue(setPower(1));
  const ids = (answer: { commands: { command_id: string }[] }) => answer.commands.map((one) => one.command_id);
  assert.deepEqual(ids(await node.get()), [a]);
  const b = await gateway.queue(setPower(2, { priority: 9 }));
  await gateway.clock.advance(44_999);
  assert.deepEqual(ids(await node.get()), []);
  await gateway.clock.advance(1);
  assert.deepEqual(ids(await node.get()), [a, b]);
});

Deno.test("a node holds eight commands at most", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  for (let i = 0; i < 10; i++) await gateway.queue(setPower(i));
  const first = await node.get({ holding: [] });
  assert.equal(first.command_count, 8);
  const holding = first.commands.map(({ command_id }: { command_id: string }) => command_id);
  assert.equal((await node.get({ holding })).command_count, 0);
  assert.equal((await node.get({ holding: holding.slice(2) })).command_count, 2); // lost ones first, and no more than fit
});

Deno.test("an expired command is never handed out, and is shown as expired also when nobody asks", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const expires_at = "2026-06-21T12:00:10Z";
  const never = await gateway.queue(setPower(1, { expires_at }));
  const taken = await gateway.queue(setPower(2, { expires_at, priority: 9 }));
  await gateway.clock.advance(9_000);
  const [first] = (await node.get({ holding: [] })).commands;
  assert.equal(first.command_id, taken);
  assert.deepEqual([first.expires_at_ms, first.expires_in_ms], [Date.parse(expires_at), 1_000]);
  await gateway.clock.advance(1_000);
  assert.equal((await node.get({ holding: [] })).command_count, 0);
  const { status, hand_outs } = await gateway.status(never);
  assert.deepEqual([status, hand_outs], ["expired", 1]);
  const late = await node.report(taken, "completed");
  assert.equal(late.status, 200);
  assert.equal((await gateway.status(taken)).status, "completed", "the device knows better");
  const unasked = await gateway.queue(setPower(3, { expires_at: "2026-06-21T12:00:20Z" }));
  await gateway.clock.advance(10_000);
  const shown = await gateway.status(unasked);
  assert.deepEqual([shown.status, shown.hand_outs, shown.error_message], ["expired", 0, "expired"]);
  assert.deepEqual(shown.steps.map(({ step }: { step: string }) => step), ["queued", "expired"]);
});

Deno.test("a command is cancelled while nobody has it; one that the device has is not", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const a = await gateway.queue(setPower(1));
  const cancelled = await gateway.ask("POST", "/command/cancel", { command_id: a });
  assert.deepEqual([cancelled.status, cancelled.body.command.status], [200, "cancelled"]);
  assert.equal((await gateway.ask("POST", "/command/cancel", { command_id: a })).status, 200, "asked twice");
  assert.equal((await node.get({ holding: [] })).command_count, 0);
  const b = await gateway.queue(setPower(2));
  await node.get({ holding: [] });
  const refused = await gateway.ask("POST", "/command/cancel", { command_id: b });
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /the device has the command; it can be cancelled from 2026-06-21T12:00:45.000Z/);
  await gateway.clock.advance(45_000);
  assert.equal((await gateway.ask("POST", "/command/cancel", { command_id: b })).status, 200);
  assert.equal((await gateway.ask("POST", "/command/cancel", { command_id: "nobody" })).status, 404);
  assert.equal((await gateway.ask("POST", "/command/cancel", { command_id: b, device_id: "other" })).status, 404);
  assert.equal((await gateway.ask("POST", "/command/cancel", { command_id: b }, "viewer")).status, 403);
});

Deno.test("a report for a command of another device, or of none, is 404", async () => {
  await using gateway = await startRunning();
  const node = await gateway.addNode("roof");
  const other = await gateway.addNode("barn");
  const a = await gateway.queue(setPower(1));
  await node.get();
  for (const answer of [await other.report(a), await node.report("nobody")]) assert.equal(answer.status, 404);
  assert.equal((await gateway.status(a)).status, "executing");
  const foreign = await other.post("/command/get", { device_id: "roof" });
  assert.equal(foreign.status, 403);
});
