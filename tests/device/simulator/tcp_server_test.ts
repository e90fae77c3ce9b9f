import assert from "node:assert/strict";
import { encodeMbap, MbapDeframer, type MbapFrame } from "../../../device/modbus/mbap.ts";
import { start } from "./running.ts";

const READ_ALL = Uint8Array.of(3, 0, 0, 0, 10);

/** A bare Modbus TCP client: it believes everything. */
async function connect(port: number) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const deframer = new MbapDeframer();
  const buffer = new Uint8Array(1024);
  return {
    async send(frame: MbapFrame) {
      const bytes = encodeMbap(frame);
      assert.ok(bytes.ok);
      await connection.write(bytes.value);
    },
    async sendBytes(bytes: Uint8Array) {
      await connection.write(bytes);
    },
    /** The next frame; `undefined` at the end of the connection. */
    async next(): Promise<MbapFrame | undefined> {
      for (;;) {
        const frame = deframer.next();
        if (frame) {
          assert.ok(frame.ok);
          return { ...frame.value, pdu: frame.value.pdu.slice() };
        }
        const count = await connection.read(buffer);
        if (count === null) return undefined;
        deframer.push(buffer.subarray(0, count));
      }
    },
    async raw(): Promise<Uint8Array> {
      const count = await connection.read(buffer);
      return buffer.slice(0, count ?? 0);
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

async function running(options: Parameters<typeof start>[0] = {}) {
  const simulator = await start({ port: 0, ...options });
  const port = simulator.addresses.tcp?.port ?? 0;
  return { simulator, port, [Symbol.asyncDispose]: () => simulator[Symbol.asyncDispose]() };
}

Deno.test("several clients read several units at once", async () => {
  await using server = await running({ profile: "both", unit: 17, sunspecUnit: 126 });
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect(server.port)));
  await Promise.all(clients.map(async (client, i) => {
    for (let tid = 0; tid < 20; tid++) {
      const ecowatt = (tid + i) % 2 === 0;
      const pdu = ecowatt ? READ_ALL : Uint8Array.of(3, 0x9c, 0x40, 0, 2);
      await client.send({ tid, unit: ecowatt ? 17 : 126, pdu });
      const answer = await client.next();
      assert.equal(answer?.tid, tid);
      assert.equal(answer.unit, ecowatt ? 17 : 126);
      if (ecowatt) assert.equal(answer.pdu.length, 22);
      else assert.deepEqual([...answer.pdu.subarray(2)], [...new TextEncoder().encode("SunS")]);
    }
  }));
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test("pipelined requests are all answered, in order", async () => {
  await using server = await running();
  using client = await connect(server.port);
  for (let tid = 1; tid <= 50; tid++) await client.send({ tid, unit: 17, pdu: READ_ALL });
  for (let tid = 1; tid <= 50; tid++) assert.equal((await client.next())?.tid, tid);
});

Deno.test("a unit that is not there is refused as a gateway does", async () => {
  await using server = await running();
  using client = await connect(server.port);
  await client.send({ tid: 1, unit: 5, pdu: READ_ALL });
  assert.deepEqual([...(await client.next())?.pdu ?? []], [0x83, 0x0b]);
});

Deno.test("what is not Modbus ends the connection, and only that one", async () => {
  await using server = await running();
  using client = await connect(server.port);
  using other = await connect(server.port);
  await client.sendBytes(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  assert.equal((await client.raw()).length, 0);
  await other.send({ tid: 3, unit: 17, pdu: READ_ALL });
  assert.equal((await other.next())?.tid, 3);
});

Deno.test("connections above the limit are closed at once", async () => {
  await using server = await running({ maxClients: 1 });
  using first = await connect(server.port);
  await first.send({ tid: 1, unit: 17, pdu: READ_ALL });
  assert.equal((await first.next())?.tid, 1);
  using second = await connect(server.port);
  assert.equal((await second.raw()).length, 0);
});

Deno.test("an injected timeout leaves one request without answer", async () => {
  await using server = await running();
  using client = await connect(server.port);
  server.simulator.inject({ kind: "timeout" });
  await client.send({ tid: 1, unit: 17, pdu: READ_ALL });
  await client.send({ tid: 2, unit: 17, pdu: READ_ALL });
  assert.equal((await client.next())?.tid, 2);
});

Deno.test("an injected exception answers instead of the inverter, which does not act", async () => {
  await using server = await running();
  using client = await connect(server.port);
  server.simulator.inject({ kind: "exception", code: 6 });
  await client.send({ tid: 1, unit: 17, pdu: Uint8Array.of(6, 0, 8, 0, 10) });
  assert.deepEqual([...(await client.next())?.pdu ?? []], [0x86, 6]);
  assert.equal(server.simulator.values().limitPercent, 100);
});

Deno.test("a late answer comes after the next request's", async () => {
  await using server = await running();
  using client = await connect(server.port);
  server.simulator.inject({ kind: "late", delayMs: 50 });
  await client.send({ tid: 1, unit: 17, pdu: READ_ALL });
  await client.send({ tid: 2, unit: 17, pdu: READ_ALL });
  assert.equal((await client.next())?.tid, 2);
  assert.equal((await client.next())?.tid, 1);
});

Deno.test("an answer for another transaction", async () => {
  await using server = await running();
  using client = await connect(server.port);
  server.simulator.inject({ kind: "wrong_tid" });
  await client.send({ tid: 0xffff, unit: 17, pdu: READ_ALL });
  assert.equal((await client.next())?.tid, 0);
});

Deno.test("a damaged header, garbage and a hang-up", async () => {
  await using server = await running();
  using client = await connect(server.port);
  server.simulator.inject({ kind: "disconnect" });
  server.simulator.inject({ kind: "garbage", bytes: 5 });
  server.simulator.inject({ kind: "crc" });
  await client.send({ tid: 1, unit: 17, pdu: READ_ALL });
  const damaged = await client.raw();
  assert.equal(damaged.length, 29);
  assert.equal(damaged[2], 0xba);
  await client.send({ tid: 2, unit: 17, pdu: READ_ALL });
  assert.equal((await client.raw()).length, 5);
  await client.send({ tid: 3, unit: 17, pdu: READ_ALL });
  assert.equal((await client.raw()).length, 0);
});
