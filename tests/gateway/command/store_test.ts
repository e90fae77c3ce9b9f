import { createInverters } from "../../../gateway/store/inverters.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { change, endOverdue } from "../../../gateway/command/change.ts";
import { handOut } from "../../../gateway/command/hand_out.ts";
import { queueCommands } from "../../../gateway/command/queueing.ts";
import { takeReport } from "../../../gateway/command/reporting.ts";
import type { Device } from "../../../gateway/store/devices.ts";
import type { Stores } from "../../../gateway/store/stores.ts";
import { transaction } from "../../../platform/sqlite.ts";
import { systemRandom } from "../../../platform/random.ts";
import type { HandedCommand } from "../../../protocol/command/device_messages.ts";
import { QueuedCommand } from "../../../protocol/command/queue_message.ts";
import { AGEING_MS } from "../../../protocol/command/rank.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openTestStores } from "../../fakes/stores.ts";

const ROOF = DeviceId.parse("roof");
const START = Date.UTC(2026, 5, 21, 12);

interface Opened extends AsyncDisposable {
  readonly db: DatabaseSync;
  readonly stores: Stores;
  readonly device: Device;
  readonly folder: string;
}

async function open(): Promise<Opened> {
  const folder = await Deno.makeTempDir();
  const { db, stores } = await openTestStores(folder);
  const add = await stores.devices.add({ deviceId: ROOF, model: "test", auth: "signed" });
  const { device } = await stores.commit.run(() => add(START));
  return {
    db,
    stores,
    device,
    folder,
    async [Symbol.asyncDispose]() {
      await stores[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function queue(stores: Stores, now: number, more: Record<string, unknown> = {}): string {
  const parameters = { register_address: 8 };
  const request = QueuedCommand.parse({
    device_id: "roof",
    profile: "ecowatt",
    command_type: "read_register",
    parameters,
    ...more,
  });
  const io = { ...stores, inverters: createInverters(stores), random: systemRandom };
  const [command] = queueCommands([request], { name: "test", role: "operator" }, now, io);
  assert.ok(command);
  return command.commandId;
}

function ask(stores: Stores, device: Device, now: number, holding: string[]): readonly HandedCommand[] {
  return handOut({ device, now, body: { device_id: ROOF, holding } }, stores.commands).commands;
}

function report(stores: Stores, device: Device, now: number, command_id: string): void {
  takeReport({ device, now, body: { device_id: ROOF, command_id, status: "completed" } }, stores.commands);
}

Deno.test("nothing starves: however many urgent commands come, the least one is served within nine ageing steps", async () => {
  await using opened = await open();
  const { db, stores, device } = opened;
  const arrivals = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 12, maxLength: 30 });
  fc.assert(
    fc.property(arrivals, (priorities) => {
      transaction(db, () => {
        db.exec("DELETE FROM command_step; DELETE FROM command");
        let now = START;
        const served: string[] = [];
        const poor = queue(stores, now, { priority: 0 });
        for (let i = 0; !served.includes(poor); i++) {
          assert.ok(i < 40, "the least one is still waiting");
          queue(stores, now, { priority: priorities[i % priorities.length] ?? 9 });
          const [next] = stores.commands.due(device.row, now, 1);
          assert.ok(next);
          change(stores.commands, next, { kind: "hand_out", at: now, leaseMs: 1, lost: false });
          report(stores, device, now, next.commandId);
          served.push(next.commandId);
          now += AGEING_MS / 2; // they come as fast as they are served
        }
        assert.ok(served.length <= 9 * 2 + 2);
      });
    }),
    { numRuns: 50 },
  );
});

Deno.test("within a priority the order of queueing holds, also when the clock is set back between two of them", async () => {
  await using opened = await open();
  const { db, stores, device } = opened;
  const jumps = fc.array(fc.integer({ min: -3_600_000, max: 60_000 }), { minLength: 2, maxLength: 8 });
  fc.assert(
    fc.property(jumps, (steps) => {
      transaction(db, () => {
        db.exec("DELETE FROM command_step; DELETE FROM command");
        let now = START;
        const queued = steps.map((step) => queue(stores, now += step));
        assert.deepEqual(ask(stores, device, now, []).map((one) => one.command_id), queued);
      });
    }),
    { numRuns: 50 },
  );
});

Deno.test("whatever is asked, lost, reported and cancelled in whatever order: one end each, and none is stuck", async () => {
  await using opened = await open();
  const { db, stores, device } = opened;
  const event = fc.oneof(
    fc.record({ kind: fc.constant("queue"), value: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constantFrom("get", "get_lost", "report", "cancel", "time"), value: fc.nat(7) }),
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 5, maxLength: 60 }), (events) => {
      transaction(db, () => {
        db.exec("DELETE FROM command_step; DELETE FROM command");
        let now = START;
        const all: string[] = [];
        const held = new Set<string>();
        const reported = new Set<string>();
        for (const { kind, value } of events) {
          now += 1_000;
          const chosen = [...held][value % Math.max(1, held.size)];
          if (kind === "queue") {
            const expires_at = value > 5 ? new Date(now + 20_000).toISOString() : undefined;
            all.push(queue(stores, now, { priority: value, expires_at }));
          } else if (kind === "get") {
            for (const { command_id, expires_at_ms = Infinity } of ask(stores, device, now, [...held])) {
              assert.ok(now < expires_at_ms, "handed out after its time");
              assert.ok(!reported.has(command_id), "handed out after its report");
              held.add(command_id);
            }
          } else if (kind === "get_lost") ask(stores, device, now, [...held]);
          else if (kind === "report" && chosen) {
            report(stores, device, now, chosen);
            held.delete(chosen);
            reported.add(chosen);
          } else if (kind === "cancel" && all.length > 0) {
            const command = stores.commands.find(all[value % all.length] ?? "");
            if (command) change(stores.commands, command, { kind: "cancel", at: now });
          } else if (kind === "time") now += 10_000;
        }
        for (const id of held) report(stores, device, now, id);
        for (let round = 0; round < all.length + 1; round++) {
          for (const { command_id } of ask(stores, device, now += 1_000, [])) report(stores, device, now, command_id);
        }
        endOverdue(stores.commands, now + 60_000);
        for (const id of all) {
          const { life } = stores.commands.find(id) ?? assert.fail(id);
          assert.ok("finishedAt" in life, `${id} is ${life.state}`);
          if (reported.has(id)) assert.equal(life.state, "completed");
          const ends = stores.commands.steps.of({ id: stores.commands.find(id)?.id ?? 0 })
            .filter(({ step }) => ["completed", "failed", "expired", "cancelled"].includes(step));
          assert.ok(ends.length <= 2, "a conclusion, and at most one report that corrects it");
        }
      });
    }),
    { numRuns: 150 },
  );
});

Deno.test("power cut between any two steps: what was committed is there, what was not has not happened", async () => {
  await using opened = await open();
  const { db, stores, device, folder } = opened;
  /** The database as a power cut would leave it now. */
  const cut = async <T>(look: (after: Stores) => T): Promise<T> => {
    const copy = await Deno.makeTempDir();
    for (const file of ["gateway.db", "gateway.db-wal", "master.key"]) {
      await Deno.copyFile(join(folder, file), join(copy, file)).catch(() => {});
    }
    try {
      await using after = await openTestStores(copy);
      return look(after.stores);
    } finally {
      await Deno.remove(copy, { recursive: true });
    }
  };
  const stateOf = (id: string) => (after: Stores) => after.commands.find(id)?.life.state;
  /** Runs a step; in the middle of its transaction and after it the power is cut. */
  const step = async (work: () => void, id: () => string) => {
    db.exec("BEGIN IMMEDIATE");
    work();
    const before = await cut(stateOf(id()));
    db.exec("COMMIT");
    return [before, await cut(stateOf(id()))];
  };
  let id = "";
  assert.deepEqual(await step(() => id = queue(stores, START), () => id), [undefined, "pending"]);
  assert.deepEqual(await step(() => ask(stores, device, START, []), () => id), ["pending", "executing"]);
  const again = await cut((after) => ask(after, device, START + 1, []).map((one) => one.command_id));
  assert.deepEqual(again, [id], "a node that got no answer gets it again after the restart");
  const held = await cut((after) => ask(after, device, START + 1, [id]));
  assert.deepEqual(held, [], "a node that has it does not");
  assert.deepEqual(await step(() => report(stores, device, START + 5, id), () => id), ["executing", "completed"]);
  const steps = await cut((after) => after.commands.steps.of(after.commands.find(id) ?? assert.fail()));
  assert.deepEqual(steps.map((one) => one.step), ["queued", "handed_out", "completed"]);
});
