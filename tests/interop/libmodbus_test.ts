import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import type { Bus } from "../../device/modbus/bus.ts";
import type { BusOptions } from "../../device/modbus/dispatcher.ts";
import { createBus } from "../../device/modbus/line_bus.ts";
import { rtuLine, tcpLine } from "../../device/modbus/lines.ts";
import { openSerial } from "../../device/serial/port.ts";
import { LineSettings } from "../../device/serial/settings.ts";
import { systemClock } from "../../platform/clock.ts";
import { testWith } from "../needs.ts";
import { libmodbus, type LibmodbusServer, nullModem, startLibmodbus } from "./libmodbus.ts";

const UNIT = 17;
/** First addresses that libmodbus_server.c answers awkwardly. */
const AWKWARD = { busy: 0x170, foreign: 0x171, late: 0x172, slow: 0x173, tooMany: 0x174, tooFew: 0x175 } as const;

interface Setting extends AsyncDisposable {
  readonly bus: Bus;
  readonly server: LibmodbusServer;
}

const io = { clock: systemClock, log: getLogger(["test"]) };
const settings = LineSettings.parse({ baud: 115200 });

async function overTcp(options: BusOptions): Promise<Setting> {
  const server = await startLibmodbus("tcp");
  const bus = createBus(tcpLine({ host: "127.0.0.1", port: server.port }, io.clock), options, io);
  return {
    bus,
    server,
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function overRtu(options: BusOptions): Promise<Setting> {
  const cable = nullModem();
  const server = await startLibmodbus("rtu", cable.right, String(settings.baud));
  const line = rtuLine(cable.left, () => openSerial(cable.left, settings), { baud: settings.baud }, io.clock);
  const bus = createBus(line, options, io);
  return {
    bus,
    server,
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await cable[Symbol.asyncDispose]();
    },
  };
}

/** What the server's holding registers hold. */
function holding(address: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => 1000 + address + i);
}

async function reads(bus: Bus, address: number, count: number, timeoutMs = 1000) {
  const outcome = await bus.read(UNIT, "holding", address, count, { timeoutMs, retries: 0 });
  return outcome.ok ? outcome.value : outcome.fault.kind;
}

for (const [name, setUp] of [["TCP", overTcp], ["RTU on a pty", overRtu]] as const) {
  testWith(libmodbus, `our bus reads and writes a libmodbus server over ${name}, with every function`, async () => {
    await using setting = await setUp({});
    const { bus } = setting;
    assert.deepEqual(await reads(bus, 0, 125), holding(0, 125));
    assert.deepEqual(await bus.read(UNIT, "input", 7, 2), { ok: true, value: [2007, 2008] });
    assert.deepEqual(await bus.readBits(UNIT, "coils", 0, 10), {
      ok: true,
      value: Array.from({ length: 10 }, (_, n) => n % 3 === 0),
    });
    assert.ok((await bus.readBits(UNIT, "discrete", 0, 500)).ok);
    assert.ok((await bus.write(UNIT, 3, [0xbeef])).ok);
    assert.ok((await bus.write(UNIT, 10, Array.from({ length: 123 }, (_, i) => i))).ok);
    assert.ok((await bus.writeBits(UNIT, 1, [true])).ok);
    assert.ok((await bus.writeBits(UNIT, 4, [true, true, false])).ok);
    assert.deepEqual(await reads(bus, 2, 3), [1002, 0xbeef, 1004]);
    assert.deepEqual(await reads(bus, 9, 4), [1009, 0, 1, 2]);
    assert.deepEqual(await bus.readBits(UNIT, "coils", 0, 7), {
      ok: true,
      value: [true, true, false, true, true, true, false],
    });
  });

  testWith(libmodbus, `an address that libmodbus refuses over ${name} is exception 02`, async () => {
    await using setting = await setUp({});
    const outcome = await setting.bus.read(UNIT, "holding", 0x1ff, 2);
    assert.ok(!outcome.ok && outcome.fault.kind === "exception" && outcome.fault.code === 2);
  });

  testWith(libmodbus, `a libmodbus server that stays busy over ${name} is exception 06`, async () => {
    await using setting = await setUp({});
    const outcome = await setting.bus.read(UNIT, "holding", AWKWARD.busy, 1);
    assert.ok(!outcome.ok && outcome.fault.kind === "exception" && outcome.fault.code === 6);
  });

  const wrong = [
    { what: "an answer with the wrong transaction or unit", address: AWKWARD.foreign },
    { what: "an answer with one register too many", address: AWKWARD.tooMany },
    { what: "an answer with one register too few", address: AWKWARD.tooFew },
  ];
  for (const { what, address } of wrong) {
    testWith(libmodbus, `${what} over ${name} is never taken, and the next good one is`, async () => {
      await using setting = await setUp({ minTimeoutMs: 300 });
      assert.match(String(await reads(setting.bus, address, 4, 300)), /^(timeout|foreign|crc)$/);
      assert.deepEqual(await reads(setting.bus, 20, 4), holding(20, 4));
      assert.deepEqual(await reads(setting.bus, 30, 4), holding(30, 4));
    });
  }

  testWith(libmodbus, `an answer that comes byte by byte, 5 ms apart, over ${name} is whole`, async () => {
    await using setting = await setUp({});
    assert.deepEqual(await reads(setting.bus, AWKWARD.slow, 10), holding(AWKWARD.slow, 10));
  });

  testWith(libmodbus, `an answer half a second late over ${name} is waited for when there is time`, async () => {
    await using setting = await setUp({});
    assert.deepEqual(await reads(setting.bus, AWKWARD.late, 4, 2000), holding(AWKWARD.late, 4));
  });

  testWith(libmodbus, `an answer half a second late over ${name} is never taken for the next one`, async () => {
    await using setting = await setUp({});
    assert.equal(await reads(setting.bus, AWKWARD.late, 4, 200), "timeout");
    for (let round = 0; round < 8; round++) {
      const values = await reads(setting.bus, 40 + round, 4, 400);
      if (typeof values !== "string") assert.deepEqual(values, holding(40 + round, 4));
    }
    assert.deepEqual(await reads(setting.bus, 60, 4), holding(60, 4));
  });
}

testWith(libmodbus, "a libmodbus server that crashed is a fault of the line, and nothing hangs", async () => {
  await using setting = await overTcp({ timeoutMs: 300 });
  assert.deepEqual(await reads(setting.bus, 1, 1), [1001]);
  setting.server.kill();
  const kind = await reads(setting.bus, 1, 1, 300);
  assert.ok(kind === "line" || kind === "timeout", String(kind));
});
