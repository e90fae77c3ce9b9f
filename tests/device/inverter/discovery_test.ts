import assert from "node:assert/strict";
import { discover } from "../../../device/inverter/discovery.ts";
import { busFault } from "../../../device/modbus/fault.ts";
import { busWith, common, type FakeModel, sunSpecWords, textWords, threePhase, type Unit } from "./fake_unit.ts";

const nameplate: FakeModel = { id: 120, length: 26 };
const controls: FakeModel = { id: 123, length: 24 };
const mppt = (modules: number): FakeModel => ({ id: 160, length: 8 + 20 * modules });

/** A misbehaving or merely unusual inverter, and the profile ids of what has to be found. */
interface Quirk {
  readonly name: string;
  readonly unit: Unit;
  readonly found: readonly (string | undefined)[];
  /** An address that must not be asked for. */
  readonly never?: number;
}

const quirks: readonly Quirk[] = [
  {
    name: "as the specification has it: model 1 of 66",
    unit: { words: sunSpecWords([common(66), threePhase]) },
    found: ["sunspec:1@40002/66,103@40070/50"],
  },
  {
    name: "model 1 of 65 moves all that follows",
    unit: { words: sunSpecWords([common(65), threePhase]) },
    found: ["sunspec:1@40002/65,103@40069/50"],
  },
  {
    name: "no end marker: exception 2 after the last model",
    unit: { words: sunSpecWords([common(66), threePhase], { end: [] }) },
    found: ["sunspec:1@40002/66,103@40070/50"],
  },
  {
    name: "end marker 0 instead of 0xFFFF, with remains of another model behind it",
    unit: { words: sunSpecWords([common(66), threePhase], { end: [0, 0, 120, 1, 0] }) },
    found: ["sunspec:1@40002/66,103@40070/50"],
  },
  {
    name: "nothing behind the ID of the end marker",
    unit: { words: sunSpecWords([common(66), threePhase], { end: [0xffff] }) },
    found: ["sunspec:1@40002/66,103@40070/50"],
    never: 40123,
  },
  {
    name: "silence after the last model",
    unit: { words: sunSpecWords([common(66), threePhase], { end: [] }), silent: ({ address }) => address >= 40122 },
    found: ["sunspec:1@40002/66,103@40070/50"],
  },
  {
    name: "the map begins at 0, and 40000 is refused",
    unit: { words: sunSpecWords([common(66), threePhase], { base: 0 }) },
    found: ["sunspec:1@2/66,103@70/50"],
  },
  {
    name: "the map begins at 50000, and the other bases hold something else",
    unit: {
      words: new Map([...zeros(40000), ...zeros(0), ...sunSpecWords([common(66), threePhase], { base: 50000 })]),
    },
    found: ["sunspec:1@50002/66,103@50070/50"],
  },
  {
    name: "the map begins at 0, and 40000 is ignored",
    unit: { words: sunSpecWords([common(66), threePhase], { base: 0 }), silent: ({ address }) => address >= 40000 },
    found: ["sunspec:1@2/66,103@70/50"],
  },
  {
    name: "floating point models",
    unit: { words: sunSpecWords([common(65), { id: 113, length: 60 }, nameplate]) },
    found: ["sunspec:1@40002/65,113@40069/60,120@40131/26"],
  },
  {
    name: "unknown and vendor models are stepped over by their length",
    unit: {
      words: sunSpecWords([common(66), { id: 64001, length: 7 }, threePhase, { id: 701, length: 153 }, controls]),
    },
    found: ["sunspec:1@40002/66,103@40079/50,701@40131/153,123@40286/24"],
  },
  {
    name: "twelve MPPT inputs",
    unit: { words: sunSpecWords([common(66), threePhase, mppt(12)]) },
    found: ["sunspec:1@40002/66,103@40070/50,160@40122/248"],
  },
  {
    name: "an inverter and a meter behind one unit id",
    unit: { words: sunSpecWords([common(66), threePhase, common(66), { id: 203, length: 105 }]) },
    found: ["sunspec:1@40002/66,103@40070/50", "sunspec:1@40122/66,203@40190/105"],
  },
  {
    name: "a meter and sensors among the models of an inverter",
    unit: {
      words: sunSpecWords([common(66), threePhase, { id: 203, length: 105 }, controls, { id: 307, length: 11 }]),
    },
    found: ["sunspec:1@40002/66,103@40070/50,123@40229/24", "sunspec:203@40122/105", "sunspec:307@40255/11"],
  },
  {
    name: "two meters alone: the first has the texts",
    unit: { words: sunSpecWords([common(66), { id: 201, length: 105 }, { id: 201, length: 105 }]) },
    found: ["sunspec:1@40002/66,201@40070/105", "sunspec:201@40177/105"],
  },
  {
    name: "a model that claims to reach beyond the address space",
    unit: { words: new Map([...sunSpecWords([common(66), threePhase], { end: [103, 65000] })]) },
    found: ["sunspec:1@40002/66,103@40070/50"],
  },
  {
    name: "a map that runs up to the last address",
    unit: {
      words: sunSpecWords([common(66), { id: 64002, length: 65536 - 50072 - 52 }, threePhase], {
        base: 50000,
        end: [],
      }),
    },
    found: ["sunspec:1@50002/66,103@65484/50"],
  },
  {
    name: "models of length 0 for ever",
    unit: { words: new Map([...sunSpecWords([common(66)], { end: [] }), ...endless(40070)]) },
    found: ["sunspec:1@40002/66"],
  },
  {
    name: "a refusal of the identity",
    unit: {
      words: sunSpecWords([common(66), threePhase]),
      refuses: ({ count }) => count > 52 ? 2 : undefined,
    },
    found: ["sunspec:1@40002/66,103@40070/50"],
  },
];

function zeros(base: number): Map<number, number> {
  return new Map([[base, 0], [base + 1, 0], [base + 2, 0]]);
}

function endless(from: number): Map<number, number> {
  return new Map(Array.from({ length: 200 }, (_, i) => [from + i, i % 2 === 0 ? 300 : 0]));
}

for (const { name, unit, found, never } of quirks) {
  Deno.test(`discovery: ${name}`, async () => {
    const { bus, requests } = busWith(unit);
    const discovery = await discover(bus, 1);
    assert.ok(discovery.ok);
    assert.deepEqual(discovery.devices.map((device) => device.profile?.id), found);
    assert.ok(requests.length <= 3 + 2 * 33 + 5 + found.length, `${requests.length} requests`);
    assert.ok(!requests.some(({ address }) => address === never));
    // ID and length are read alone: the word behind an end marker may not exist.
    assert.ok(requests.every(({ count }) => count === 1 || count === 3 || count === 16 || count >= 64));
  });
}

Deno.test("the identity of model 1 comes along", async () => {
  const words = {
    ...textWords("Fronius", 2),
    ...textWords("Symo 10", 18),
    ...textWords("0.3.30", 42),
    ...textWords("2813", 50),
  };
  const { bus } = busWith({ words: sunSpecWords([{ id: 1, length: 65, words }, threePhase]) });
  const discovery = await discover(bus, 1);
  assert.ok(discovery.ok);
  assert.deepEqual(discovery.devices[0]?.identity, {
    manufacturer: "Fronius",
    model: "Symo 10",
    options: "",
    version: "0.3.30",
    serialNumber: "2813",
  });
});

Deno.test("a device without a map is said to have none, and one that never answers is said to be silent", async () => {
  const other = await discover(busWith({ words: zeros(40000) }).bus, 1);
  assert.ok(!other.ok && other.fault.kind === "not_sunspec");
  const dead = await discover(busWith({ words: new Map(), silent: () => true }).bus, 1);
  assert.ok(!dead.ok && dead.fault.kind === "timeout");
});

Deno.test("a device that goes silent in its first model has no map yet", async () => {
  const unit: Unit = { words: sunSpecWords([common(66), threePhase]), silent: ({ address }) => address === 40002 };
  const discovery = await discover(busWith(unit).bus, 1);
  assert.ok(!discovery.ok && discovery.fault.kind === "timeout");
});

Deno.test("an answer that was lost at the base is asked for again before a device is said to have no map", async () => {
  let lost = 0;
  const unit: Unit = {
    words: sunSpecWords([common(66), threePhase]),
    silent: ({ address }) => address === 40_000 && lost++ === 0,
  };
  const discovery = await discover(busWith(unit).bus, 1);
  assert.ok(discovery.ok && discovery.devices.length === 1);
});

Deno.test("a header whose answer was lost does not end the chain, silence that stays does", async () => {
  for (const [lost, found] of [[1, 2], [9, 1]]) {
    let silences = 0;
    const unit: Unit = {
      words: sunSpecWords([common(66), threePhase]),
      silent: ({ address }) => address === 40_070 && silences++ < (lost ?? 0),
    };
    const discovery = await discover(busWith(unit).bus, 1);
    assert.ok(discovery.ok);
    assert.equal(discovery.devices[0]?.blocks.length, found);
  }
});

Deno.test("a busy device is said to be busy, not without a map", async () => {
  for (const code of [5, 6]) {
    const discovery = await discover(busWith({ words: new Map(), refuses: () => code }).bus, 1);
    assert.ok(!discovery.ok && discovery.fault.kind === "exception" && discovery.fault.code === code);
  }
});

for (const maxRead of [1, 7, 30, 125]) {
  Deno.test(`the texts are read ${maxRead} words at most at a time`, async () => {
    const { bus, requests } = busWith({
      words: sunSpecWords([common(66, "Fronius"), threePhase]),
      silent: ({ count }) => count > Math.max(3, maxRead),
    });
    const discovery = await discover(bus, 1, { maxRead });
    assert.ok(discovery.ok);
    assert.equal(discovery.devices[0]?.identity.manufacturer, "Fronius");
    assert.equal(discovery.devices[0]?.identity.serialNumber, "SN1");
    assert.ok(requests.every(({ count }) => count <= Math.max(3, maxRead)));
  });
}

for (const refuse of [true, false]) {
  Deno.test(`texts that are ${refuse ? "refused" : "not answered"} in one read are read one by one`, async () => {
    const unit: Unit = {
      words: sunSpecWords([common(66, "Fronius"), threePhase]),
      ...(refuse ? { refuses: ({ count }) => count > 20 ? 3 : undefined } : { silent: ({ count }) => count > 20 }),
    };
    const discovery = await discover(busWith(unit).bus, 1);
    assert.ok(discovery.ok);
    assert.equal(discovery.devices[0]?.identity.manufacturer, "Fronius");
  });
}

Deno.test("faults of the line end a discovery at once", async () => {
  const faults = [
    busFault.line("test", "unplugged", 0),
    busFault.offline("test", 1, "no answer", 0, 0),
    busFault.aborted("stopped"),
  ];
  for (const fault of faults) {
    const { bus, requests } = busWith({ words: new Map(), fault: () => fault });
    const discovery = await discover(bus, 1);
    assert.ok(!discovery.ok && discovery.fault === fault);
    assert.equal(requests.length, 1);
  }
});
