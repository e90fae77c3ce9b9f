import assert from "node:assert/strict";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import { rawOfPhysical } from "../../protocol/profile/physical.ts";
import type { Simulator } from "../../device/simulator/simulator.ts";
import { start } from "../device/simulator/running.ts";
import { program, testWith } from "../needs.ts";

const mbpoll = program("mbpoll");

interface Polled {
  readonly code: number;
  /** Words by address, as mbpoll prints them. */
  readonly words: ReadonlyMap<number, number>;
  readonly text: string;
}

async function poll(...args: readonly string[]): Promise<Polled> {
  const { code, stdout, stderr } = await new Deno.Command("mbpoll", { args: [...args] }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const lines = [...text.matchAll(/^\[(\d+)\]:\s+(0x[0-9A-F]+|\d+)/gm)];
  return { code, text, words: new Map(lines.map(([, address, word]) => [Number(address), Number(word)])) };
}

/** How mbpoll is told where the simulator is. */
const ways = [
  {
    name: "TCP",
    over: "tcp",
    options: (simulator: Simulator) => ["-m", "tcp", "-p", String(simulator.addresses.tcp?.port)],
    target: () => "127.0.0.1",
  },
  {
    name: "RTU on a pty",
    over: "rtu",
    options: () => ["-m", "rtu", "-b", "9600", "-P", "none"],
    target: (simulator: Simulator) => simulator.addresses.serial ?? "",
  },
] as const;

/** Stands nearly still, so that both sides see the same moment. */
const still = { port: 0, serial: "pty", speed: 0.001, profile: "both", sunspecUnit: 126 } as const;

function expected(simulator: Simulator): ReadonlyMap<number, number> {
  const values = simulator.values();
  const volts = values.phaseVolts[0] ?? 0;
  const physical = [
    volts,
    values.acWatts / volts,
    values.hertz,
    values.dc[0].volts,
    values.dc[1].volts,
    values.dc[0].amps,
    values.dc[1].amps,
    values.cabinetCelsius,
    values.limitPercent,
    values.acWatts,
  ];
  return new Map(ecowatt.registers.map((register, i) => {
    const raw = rawOfPhysical(register, physical[i] ?? 0, () => undefined);
    assert.ok(raw.ok);
    return [register.address, raw.value];
  }));
}

for (const { name, over, options, target } of ways) {
  testWith([mbpoll], `mbpoll reads the ten registers over ${name}`, async () => {
    await using simulator = await start(still);
    const polled = await poll(...options(simulator), "-a", "17", "-0", "-r", "0", "-c", "10", "-1", target(simulator));
    assert.equal(polled.code, 0, polled.text);
    assert.deepEqual(polled.words, expected(simulator));
  });

  testWith([mbpoll], `mbpoll writes the power limit over ${name}, and is refused above 100%`, async () => {
    await using simulator = await start(still);
    const write = (value: string) => poll(...options(simulator), "-a", "17", "-0", "-r", "8", target(simulator), value);
    const written = await write("42");
    assert.match(written.text, /Written 1 references/);
    assert.equal(simulator.values().limitPercent, 42);
    const refused = await write("101");
    assert.equal(refused.code, 1);
    assert.match(refused.text, /Illegal data value/);
    assert.equal(simulator.values().limitPercent, 42);
  });

  testWith([mbpoll], `mbpoll reads the SunSpec map over ${name} and writes several registers at once`, async () => {
    await using simulator = await start(still);
    const unit = [...options(simulator), "-a", "126", "-0"];
    const head = await poll(...unit, "-r", "40000", "-c", "4", "-t", "4:hex", "-1", target(simulator));
    assert.deepEqual([...head.words.values()], [0x5375, 0x6e53, 1, 66]);
    const block = await poll(...unit, "-r", "40070", "-c", "52", "-1", target(simulator));
    assert.deepEqual([block.words.get(40_070), block.words.get(40_071)], [103, 50]);
    assert.equal(block.words.get(40_084), Math.round(simulator.values().acWatts));
    // Model 123 from its WMaxLimPct: 20%, no window, no reversion, no ramp, enabled.
    const written = await poll(...unit, "-r", "40233", target(simulator), "2000", "0", "0", "0", "1");
    assert.match(written.text, /Written 5 references/, written.text);
    assert.equal(simulator.values().acWatts, 1000);
  });

  testWith([mbpoll], `mbpoll sees injected faults over ${name} for what they are`, async () => {
    await using simulator = await start(still);
    const read = () => {
      return poll(...options(simulator), "-a", "17", "-0", "-r", "0", "-1", "-o", "0.2", target(simulator));
    };
    simulator.inject({ kind: "exception", code: 6 });
    assert.match((await read()).text, /Slave device or server is busy/);
    simulator.inject({ kind: "timeout" });
    assert.match((await read()).text, /timed out/);
    if (over === "rtu") {
      simulator.inject({ kind: "crc" });
      assert.match((await read()).text, /Invalid CRC/);
    } else {
      simulator.inject({ kind: "wrong_tid" });
      assert.match((await read()).text, /Invalid data|Response not from requested slave/);
    }
    assert.equal((await read()).code, 0);
  });
}
