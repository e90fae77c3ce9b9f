import assert from "node:assert/strict";
import fc from "fast-check";
import { createKeyWindows, leapAfterRestore } from "../../../gateway/store/key_windows.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { type GatewayStore, openGatewayStore, register } from "../../fakes/gateway_store.ts";

/** What can happen to a gateway between, and with, the requests of its devices. */
const event = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("claims"),
      claims: fc.array(
        fc.record({
          device: fc.constantFrom(0, 1),
          key: fc.constantFrom(1, 2),
          /** How far above the highest number of the key, or below it. */
          above: fc.oneof(fc.constant(1), fc.integer({ min: -1100, max: 40 }), fc.integer({ min: 1000, max: 2100 })),
          undone: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      lost: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stop") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore") }) },
);

async function twoDevices(store: GatewayStore): Promise<readonly number[]> {
  const rows = [];
  for (const name of ["roof", "barn"]) {
    const { device } = await register(store.devices, { deviceId: DeviceId.parse(name), model: "node", auth: "signed" });
    rows.push(device.row);
  }
  return rows;
}

Deno.test("no number is taken twice, whatever is undone, lost, killed, stopped or restored; a device always gets on", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      using store = openGatewayStore();
      const { db } = store;
      const rows = await twoDevices(store);
      const taken = new Set<string>();
      let windows = createKeyWindows(db);
      const kill = () => windows = createKeyWindows(db); // what was committed is there, what was in memory is not
      for (const one of events) {
        if (one.kind === "stop") windows.settle();
        if (one.kind === "restore") leapAfterRestore(db);
        if (one.kind !== "claims" || !("claims" in one)) {
          kill();
          continue;
        }
        db.exec("BEGIN IMMEDIATE");
        const accepted: string[] = [];
        const undos: (() => void)[] = [];
        for (const { device, key, above, undone } of one.claims) {
          const row = rows[device] ?? assert.fail();
          const sequence = Math.max(1, (windows.next(row, key) ?? assert.fail()) - 1 + above);
          db.exec("SAVEPOINT work");
          const undo = windows.claim(row, key, sequence);
          const name = `${row} ${key} ${sequence}`;
          if (undo === undefined) assert.ok(above <= 0, `${name} was never used`);
          else {
            assert.ok(!taken.has(name) && !accepted.includes(name), `${name} is taken again`);
            if (undone) {
              db.exec("ROLLBACK TO work");
              undo();
            } else {
              accepted.push(name);
              undos.push(undo);
            }
          }
          db.exec("RELEASE work");
        }
        if (one.lost) {
          db.exec("ROLLBACK");
          for (const undo of undos) undo();
        } else {
          db.exec("COMMIT");
          for (const name of accepted) taken.add(name);
        }
      }
      kill();
      for (const name of taken) {
        const [row = 0, key = 0, sequence = 0] = name.split(" ").map(Number);
        assert.equal(windows.claim(row, key, sequence), undefined, `${name} is taken again after a kill`);
      }
      for (const row of rows) {
        for (const key of [1, 2]) assert.ok(windows.claim(row, key, windows.next(row, key) ?? 0), "goes on");
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("a hundred requests of a device write its numbers once", async () => {
  using store = openGatewayStore();
  const [row = 0] = await twoDevices(store);
  const windows = createKeyWindows(store.db);
  const changes = () => Number(store.db.prepare("SELECT total_changes() AS n").get()?.["n"]);
  assert.ok(windows.claim(row, 1, 1));
  const before = changes();
  for (let sequence = 2; sequence <= 1025; sequence++) assert.ok(windows.claim(row, 1, sequence));
  assert.equal(changes(), before);
  assert.ok(windows.claim(row, 1, 1026));
  assert.equal(changes(), before + 1);
});

Deno.test("what a lost transaction reserved for another key is reserved anew: no number is taken twice after a kill", async () => {
  using store = openGatewayStore();
  const [row = 0] = await twoDevices(store);
  const first = createKeyWindows(store.db);
  assert.ok(first.claim(row, 1, 5));
  first.settle();
  const windows = createKeyWindows(store.db);
  store.db.exec("BEGIN IMMEDIATE");
  const undo = windows.claim(row, 2, 5) ?? assert.fail(); // used under the older key, so only the new one uses it
  store.db.exec("ROLLBACK");
  undo();
  assert.ok(windows.claim(row, 1, 6));
  assert.equal(createKeyWindows(store.db).claim(row, 1, 6), undefined);
});

Deno.test("a number that was taken back is free after a stop as well", async () => {
  using store = openGatewayStore();
  const [row = 0] = await twoDevices(store);
  const windows = createKeyWindows(store.db);
  const undo = windows.claim(row, 1, 2) ?? assert.fail();
  undo();
  assert.ok(windows.claim(row, 1, 3));
  windows.settle();
  const after = createKeyWindows(store.db);
  assert.equal(after.claim(row, 1, 3), undefined);
  assert.ok(after.claim(row, 1, 2));
});
