import assert from "node:assert/strict";
import { DeviceId } from "../../../protocol/device_id.ts";
import { devicePaths, type Fixture, openFixture } from "../api/fixture.ts";
import { createSimulatedBoard, type Fate, type SimulatedBoard } from "./simulated_board.ts";

const START = Date.UTC(2026, 5, 21, 6);
const HOUR_MS = 3_600_000;
const OUTAGE_MS = 75_000;
const STEP_MS = 10;
const WIRE_ID = "ESP32_EcoWatt_Smart";

/** Numbers from 0 to 1 that are the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    const mixed = Math.imul(state ^ state >>> 12, 0x297a2d39);
    return ((mixed ^ mixed >>> 15) >>> 0) / 2 ** 32;
  };
}

async function addBoard(fixture: Fixture, name: string, key: Uint8Array<ArrayBuffer>): Promise<void> {
  const { devices, commit } = fixture.stores;
  const add = await devices.add({
    deviceId: DeviceId.parse(name),
    model: "esp32",
    auth: "legacy",
    wireId: WIRE_ID,
    key,
  });
  await commit.run(() => add(START));
}

/** When each stored batch of a device ended, unix ms. */
function storedBlocks({ services: { reader } }: Fixture, device: string): readonly number[] {
  const selection = reader.select({ device, registers: ["Pac"], from: START, to: START + 2 * HOUR_MS });
  const at = [...reader.raw(selection)].map((point) => point.at);
  assert.equal(at.length % 5, 0);
  return at.filter((_, i) => i % 5 === 4);
}

Deno.test("an hour of six boards that reboot, lose answers and are cut off: every batch that their memory kept is stored once", async () => {
  await using fixture = await openFixture(undefined, START);
  const process = devicePaths(fixture).get("/process") ?? assert.fail();
  const boards = new Map<string, SimulatedBoard>();
  for (let n = 1; n <= 6; n++) {
    const key = new Uint8Array(32).fill(n); // a test key
    await addBoard(fixture, `board-${n}`, key);
    const send = async (body: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>) => {
      const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
      const answer = await process(new Request("http://gateway.example/process", init), `192.0.2.${n}`);
      await answer.body?.cancel();
      return answer.status;
    };
    boards.set(`board-${n}`, createSimulatedBoard(key, START + 700 * n, { send, random: randomFrom(n) }));
  }
  await anHour(fixture, [...boards.values()]);

  let [reboots, cut, batches] = [0, 0, 0];
  for (const [name, { record }] of boards) {
    const stored = storedBlocks(fixture, name);
    assert.deepEqual(stored, [...record.delivered].sort((a, b) => a - b), name);
    assert.equal(stored.length, new Set(stored).size, name);
    assert.deepEqual([...record.lost].filter((at) => record.delivered.has(at)), [], name);
    [reboots, cut, batches] = [reboots + record.reboots, cut + record.cutBodies, batches + stored.length];
  }
  assert.ok(reboots >= 12 && batches > 1_800, `${reboots} reboots, ${cut} cut bodies, ${batches} batches`);
  const refused = fixture.stores.securityLog.latest({ filter: "refused", limit: 10 });
  assert.deepEqual(refused, []);
  assert.equal(fixture.stores.quarantine.latest(1).length, 0);
});

/** A tenth of the answers and a twentieth of the requests are lost, boards are cut off and reboot. */
async function anHour({ clock }: Fixture, boards: readonly SimulatedBoard[]): Promise<void> {
  const random = randomFrom(2026);
  const offUntil = boards.map(() => 0);
  for (let ms = STEP_MS; ms <= HOUR_MS; ms += STEP_MS) {
    await clock.advance(STEP_MS);
    const now = START + ms;
    for (const [i, board] of boards.entries()) {
      if (random() < STEP_MS / 400_000 && now >= (offUntil[i] ?? 0)) offUntil[i] = now + OUTAGE_MS;
      if (random() < STEP_MS / 900_000) board.reboot(now);
      await board.tick(now, (): Fate => {
        if (now < (offUntil[i] ?? 0) || random() < 0.05) return "lost";
        return random() < 0.1 ? "answer lost" : "through";
      });
    }
  }
}
