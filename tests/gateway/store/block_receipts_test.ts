import assert from "node:assert/strict";
import fc from "fast-check";
import { createBlockReceipts } from "../../../gateway/store/block_receipts.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { openGatewayStore, register } from "../../fakes/gateway_store.ts";

async function addDevice(store: ReturnType<typeof openGatewayStore>, name: string): Promise<number> {
  const { device } = await register(store.devices, { deviceId: DeviceId.parse(name), model: "node", auth: "signed" });
  return device.row;
}

const rows = (store: ReturnType<typeof openGatewayStore>) =>
  store.db.prepare("SELECT * FROM block_receipt").all().length;

Deno.test("each block of a device is claimed once, in any order, as a set of ids would", async () => {
  using store = openGatewayStore();
  let device = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }), async (ids) => {
      const row = await addDevice(store, `device-${device++}`);
      const receipts = createBlockReceipts(store.db);
      const seen = new Set<number>();
      for (const id of ids) {
        assert.equal(receipts.claim(row, id), !seen.has(id));
        seen.add(id);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("twenty thousand blocks, neighbours swapped, take one row", async () => {
  using store = openGatewayStore();
  const row = await addDevice(store, "roof");
  const receipts = createBlockReceipts(store.db);
  store.db.exec("BEGIN");
  for (let id = 1; id <= 20_000; id++) assert.ok(receipts.claim(row, id % 2 === 0 ? id - 1 : id + 1));
  store.db.exec("COMMIT");
  assert.equal(rows(store), 1);
  assert.ok(!receipts.claim(row, 1));
  assert.ok(receipts.claim(row, Number.MAX_SAFE_INTEGER - 1));
  assert.ok(!receipts.claim(row, Number.MAX_SAFE_INTEGER - 1));
});

Deno.test("of a device that leaves out every other number a thousand ranges are kept: the oldest gap counts as received", async () => {
  using store = openGatewayStore();
  const [row, other] = [await addDevice(store, "roof"), await addDevice(store, "barn")];
  const receipts = createBlockReceipts(store.db);
  store.db.exec("BEGIN");
  for (let id = 1; id <= 10; id += 2) assert.ok(receipts.claim(other, id));
  for (let id = 1; id <= 2_399; id += 2) assert.ok(receipts.claim(row, id));
  store.db.exec("COMMIT");
  assert.equal(rows(store), 1_005);
  assert.deepEqual([2, 400, 402, 2_398].map((id) => receipts.claim(row, id)), [false, false, true, true]);
  assert.ok(receipts.claim(other, 2));
});
