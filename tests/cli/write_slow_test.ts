import assert from "node:assert/strict";
import { run } from "../e2e/process.ts";
import { start } from "../device/simulator/running.ts";

const POW = 8;

Deno.test("a register is written by its name, read back, and told in its unit", async () => {
  await using simulator = await start({ port: 0 });
  const inverter = `tcp://127.0.0.1:${simulator.addresses.tcp?.port}?unit=17`;
  const written = await run(["write", inverter, "Pow", "60", "--yes"]);
  assert.deepEqual([written.code, written.out, written.err], [0, "Pow = 60 %\n", ""]);
  const again = await run(["write", inverter, String(POW), "55", "--yes", "--json"]);
  assert.deepEqual(JSON.parse(again.out).registers, [
    { address: POW, words: [55], register: "Pow", value: 55, unit: "%" },
  ]);
  const read = JSON.parse((await run(["read", inverter, "--json"])).out);
  assert.equal(read.values["Pow"].value, 55);
});

Deno.test("what must not be written is refused, and nothing is written unasked", async () => {
  await using simulator = await start({ port: 0 });
  const inverter = `tcp://127.0.0.1:${simulator.addresses.tcp?.port}?unit=17`;
  const refusals = [
    [["Pow", "40"], 2, /This writes 40 to Pow .*--yes/],
    [["Pow", "101", "--yes"], 2, /Pow takes 0 to 100 %/],
    [["Vac1", "1", "--yes"], 2, /Vac1 cannot be written/],
    [["Nonsense", "1", "--yes"], 2, /no register "Nonsense" to write; it has Pow/],
    [["Pow", "1.5", "--yes"], 2, /not a whole number/],
    [["70000", "1", "--yes"], 2, /not a whole number from 0 to 65535/],
  ] as const;
  for (const [args, code, message] of refusals) {
    const { code: found, err } = await run(["write", inverter, ...args]);
    assert.equal(found, code, err);
    assert.match(err, message);
  }
  const read = JSON.parse((await run(["read", inverter, "--json"])).out);
  assert.equal(read.values["Pow"].value, 100);
  assert.equal((await run(["write", "tcp://127.0.0.1:1?timeout=100ms", "Pow", "1", "--yes"])).code, 3);
});
