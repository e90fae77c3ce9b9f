import assert from "node:assert/strict";
import { run, start } from "../e2e/process.ts";
import { testWith } from "../needs.ts";
import { libmodbus, nullModem, startLibmodbusAt } from "./libmodbus.ts";

/** Modes of libmodbus_server.c. */
const MODE = { busy: 0x170, foreign: 0x171, late: 0x172, slow: 0x173, tooMany: 0x174, tooFew: 0x175 } as const;

/** The ten registers hold 50 to 59, as an inverter of that profile could. */
const BASE = 50;
const VALUES = {
  Vac1: 5,
  Iac1: 5.1,
  Fac1: 0.52,
  Vpv1: 5.3,
  Vpv2: 5.4,
  Ipv1: 5.5,
  Ipv2: 5.6,
  Temp: 5.7,
  Pow: 58,
  Pac: 59,
};

/** A libmodbus server, and its address for the command line. */
interface Served extends AsyncDisposable {
  readonly address: string;
  kill(): void;
}

async function overTcp(...mode: readonly string[]): Promise<Served> {
  const server = await startLibmodbusAt(BASE, "tcp", ...mode);
  return {
    address: `tcp://127.0.0.1:${server.port}?unit=17`,
    kill: server.kill,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function overRtu(...mode: readonly string[]): Promise<Served> {
  await using opening = new AsyncDisposableStack();
  const cable = opening.use(nullModem());
  const server = opening.use(await startLibmodbusAt(BASE, "rtu", cable.right, "115200", ...mode));
  const running = opening.move();
  return {
    address: `rtu://${cable.left}?unit=17&baud=115200`,
    kill: server.kill,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What `ecowatt read` prints. */
async function read(address: string) {
  const { code, out, err } = await run(["read", address, "--json"]);
  const { values } = JSON.parse(out === "" ? "{}" : out);
  const told = Object.entries<{ value: number | null }>(values ?? {}).map(([name, { value }]) => [name, value]);
  return { code, err, values: Object.fromEntries(told) };
}

for (const [name, serve] of [["TCP", overTcp], ["RTU on a pty", overRtu]] as const) {
  testWith(libmodbus, `the shell reads a libmodbus server over ${name}, writes to it and reads that back`, async () => {
    await using server = await serve();
    assert.deepEqual(await read(server.address), { code: 0, err: "", values: VALUES });
    const written = await run(["write", server.address, "Pow", "42", "--yes"]);
    assert.deepEqual([written.code, written.out], [0, "Pow = 42 %\n"]);
    assert.deepEqual((await read(server.address)).values, { ...VALUES, Pow: 42 });
  });

  testWith(
    libmodbus,
    `an awkward answer of a libmodbus server over ${name} is asked for again or waited for`,
    async (t) => {
      for (const [kind, mode] of Object.entries(MODE)) {
        await t.step(kind, async () => {
          await using server = await serve(String(mode), "1");
          assert.deepEqual(await read(server.address), { code: 0, err: "", values: VALUES });
        });
      }
    },
  );

  testWith(libmodbus, `a libmodbus server over ${name} that is never right is told as what it is`, async (t) => {
    const cases: (readonly [keyof typeof MODE, RegExp])[] = [
      ["busy", /Cannot read inverter: .* refused: device busy \(exception 6\)/],
      ["tooFew", /Cannot read inverter: /],
    ];
    // On RTU nothing but the length says whose answer it is.
    if (serve === overRtu) cases.push(["tooMany", /Cannot read inverter: /]);
    for (const [kind, reason] of cases) {
      await t.step(kind, async () => {
        await using server = await serve(String(MODE[kind]), "1000");
        const { code, err, values } = await read(server.address);
        assert.deepEqual([code, values], [3, {}]);
        assert.match(err, reason);
      });
    }
  });

  testWith(
    libmodbus,
    `an answer half a second late over ${name} is never taken for that to another question`,
    async () => {
      await using server = await serve(String(MODE.late), "1");
      assert.deepEqual((await read(`${server.address}&timeout=300ms`)).values, VALUES);
    },
  );
}

testWith(
  libmodbus,
  "a libmodbus server over TCP that gives more than was asked for, under the right transaction id, is read",
  async () => {
    await using server = await overTcp(String(MODE.tooMany), "1000");
    assert.deepEqual(await read(server.address), { code: 0, err: "", values: VALUES });
  },
);

testWith(libmodbus, "a libmodbus server that crashed is said to be away, again and again", async () => {
  await using server = await overTcp();
  await using watching = start(["read", server.address, "--watch", "0.1s"]);
  await watching.says(/Pac +59 +W/);
  server.kill();
  await watching.says(/(?:Cannot read inverter: [^]*){2}/);
  assert.equal(await watching.kill("SIGTERM"), 0);
});
