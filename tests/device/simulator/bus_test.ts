import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { Line } from "../../../device/modbus/line.ts";
import { createBus } from "../../../device/modbus/line_bus.ts";
import { rtuLine, tcpLine } from "../../../device/modbus/lines.ts";
import { LineSettings } from "../../../device/serial/settings.ts";
import type { FaultRule } from "../../../device/simulator/fault.ts";
import type { Simulator } from "../../../device/simulator/simulator.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { SerialWire } from "../../fakes/serial_wire.ts";
import "../../fakes/sockets.ts";
import { start } from "./running.ts";

const clock = new FakeClock();
const wire = new SerialWire(clock);
const io = { clock, log: getLogger(["test"]) };
const settings = LineSettings.parse({ baud: 115200 });
const ROUNDS = 150;

/** Everything that can go wrong with an answer, often. */
const faults: FaultRule[] = [
  { fault: { kind: "late", delayMs: 45 }, probability: 0.1 },
  { fault: { kind: "timeout" }, probability: 0.05 },
  { fault: { kind: "crc" }, probability: 0.05 },
  { fault: { kind: "garbage", bytes: 13 }, probability: 0.05 },
  { fault: { kind: "wrong_tid" }, probability: 0.05 },
  { fault: { kind: "exception", code: 4 }, probability: 0.05 },
  { fault: { kind: "disconnect" }, probability: 0.01 },
];

const lines: readonly { name: string; line: (simulator: Simulator) => Line }[] = [
  {
    name: "TCP",
    line: (simulator) => tcpLine({ host: "127.0.0.1", port: simulator.addresses.tcp?.port ?? 0 }, io.clock),
  },
  {
    name: "RTU",
    line: () => rtuLine("wire", wire.open, { baud: settings.baud, bitsPerChar: 10 }, io.clock),
  },
];

for (const { name, line } of lines) {
  Deno.test(`over ${name} with every kind of fault, our bus never takes a wrong value for a right one`, async () => {
    // Nearly still, so that each register keeps one value, and all ten differ.
    await using simulator = await start({ port: 0, serial: "wire", speed: 0.001, seed: 3 }, clock, {
      openLine: wire.plug,
    });
    const options = { timeoutMs: 30, minTimeoutMs: 30, retries: 1, backoff: { stepMs: 1, maxMs: 1, share: 1 } };
    await using bus = createBus(line(simulator), options, io);
    const all = await clock.until(bus.read(17, "holding", 0, 10));
    assert.ok(all.ok);
    for (const rule of faults) simulator.inject(rule.fault, { probability: rule.probability });
    let good = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const address = round % 10;
      const count = 1 + (round * 7) % (10 - address);
      const read = await clock.until(bus.read(17, "holding", address, count));
      if (!read.ok) {
        // An unplugged adapter, a unit that rests: wait for them, not for luck.
        if ("retryAt" in read.fault) await clock.advance(read.fault.retryAt - clock.now());
        continue;
      }
      good++;
      assert.deepEqual(read.value, all.value.slice(address, address + count), `registers ${address}+${count}`);
    }
    assert.ok(good > ROUNDS / 3, `only ${good} of ${ROUNDS} reads gave a value`);
  });
}
