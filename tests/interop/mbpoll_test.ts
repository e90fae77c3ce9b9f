import assert from "node:assert/strict";
import { createInverter } from "../../device/simulator/inverter.ts";
import { SimulatorOptions } from "../../device/simulator/options.ts";
import { ecowatt } from "../../protocol/profile/ecowatt.ts";
import { rawOfPhysical } from "../../protocol/profile/physical.ts";
import { start } from "../e2e/process.ts";
import { temporaryDirectory } from "../fakes/temporary_directory.ts";
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
    address: /tcp:\/\/127\.0\.0\.1:(\d+)/,
    options: (port: string) => ["-m", "tcp", "-p", port],
    target: () => "127.0.0.1",
  },
  {
    name: "RTU on a pty",
    over: "rtu",
    address: /rtu:\/\/(\/\S+?)[, ]/,
    options: () => ["-m", "rtu", "-b", "9600", "-P", "none"],
    target: (path: string) => path,
  },
] as const;

/** Stands nearly still, so that what it is to say is known. */
const STILL = { start: "2026-06-21T11:00:00Z", speed: 0.001, profile: "both", sunspecUnit: 126 } as const;

/** Starts the product's simulator; gives what mbpoll is told of it, and what follows the address of a request. */
async function simulate({ address, options, target }: typeof ways[number], faults: readonly object[] = []) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryDirectory());
  const config = `${folder.path}/simulators.yaml`;
  const simulator = { ...STILL, port: 0, httpPort: null, serial: "pty", faults };
  await Deno.writeTextFile(config, JSON.stringify({ simulators: [simulator] }));
  const simulators = opening.use(start(["simulate", "--config", config]));
  const [, place = ""] = await simulators.says(address);
  const running = opening.move();
  return {
    poll: (unit: number, args: readonly string[], values: readonly string[] = []) =>
      poll(...options(place), "-a", String(unit), "-0", ...args, target(place), ...values),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What the simulated inverter measures at its start. */
function measured() {
  const { plant, seed } = SimulatorOptions.parse(STILL);
  return createInverter({ ...plant, seed }, () => Date.parse(STILL.start), STILL.speed).values();
}

function expected(): ReadonlyMap<number, number> {
  const values = measured();
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

for (const way of ways) {
  const { name, over } = way;
  testWith([mbpoll], `mbpoll reads the ten registers over ${name}`, async () => {
    await using simulator = await simulate(way);
    const polled = await simulator.poll(17, ["-r", "0", "-c", "10", "-1"]);
    assert.equal(polled.code, 0, polled.text);
    assert.deepEqual(polled.words, expected());
  });

  testWith([mbpoll], `mbpoll writes the power limit over ${name}, and is refused above 100%`, async () => {
    await using simulator = await simulate(way);
    const write = (value: string) => simulator.poll(17, ["-r", "8"], [value]);
    const limit = async () => (await simulator.poll(17, ["-r", "8", "-1"])).words.get(8);
    const written = await write("42");
    assert.match(written.text, /Written 1 references/);
    assert.equal(await limit(), 42);
    const refused = await write("101");
    assert.equal(refused.code, 1);
    assert.match(refused.text, /Illegal data value/);
    assert.equal(await limit(), 42);
  });

  testWith([mbpoll], `mbpoll reads the SunSpec map over ${name} and writes several registers at once`, async () => {
    await using simulator = await simulate(way);
    const head = await simulator.poll(126, ["-r", "40000", "-c", "4", "-t", "4:hex", "-1"]);
    assert.deepEqual([...head.words.values()], [0x5375, 0x6e53, 1, 66]);
    const block = () => simulator.poll(126, ["-r", "40070", "-c", "52", "-1"]);
    const { words } = await block();
    assert.deepEqual([words.get(40_070), words.get(40_071)], [103, 50]);
    assert.equal(words.get(40_084), Math.round(measured().acWatts));
    // Model 123 from its WMaxLimPct: 20%, no window, no reversion, no ramp, enabled.
    const written = await simulator.poll(126, ["-r", "40233"], ["2000", "0", "0", "0", "1"]);
    assert.match(written.text, /Written 5 references/, written.text);
    assert.equal((await block()).words.get(40_084), 1000);
  });

  testWith([mbpoll], `mbpoll sees injected faults over ${name} for what they are`, async () => {
    const faults: readonly (readonly [object, RegExp])[] = [
      [{ kind: "exception", code: 6 }, /Slave device or server is busy/],
      [{ kind: "timeout" }, /timed out/],
      over === "rtu"
        ? [{ kind: "crc" }, /Invalid CRC/]
        : [{ kind: "wrong_tid" }, /Invalid data|Response not from requested slave/],
    ];
    await using simulator = await simulate(way, faults.map(([fault]) => ({ fault, times: 1 })));
    const read = () => simulator.poll(17, ["-r", "0", "-1", "-o", "0.2"]);
    for (const [, reason] of faults) assert.match((await read()).text, reason);
    assert.equal((await read()).code, 0);
  });
}
