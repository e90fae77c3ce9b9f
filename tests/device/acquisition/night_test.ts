import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openAcquisition } from "../../../device/acquisition/acquisition.ts";
import { FirstSample } from "../../../device/acquisition/first_sample.ts";
import { Period } from "../../../device/acquisition/period.ts";
import { createInverter } from "../../../device/inverter/inverter.ts";
import { ANSWERED_SCHEMA, createMapMemoryStore, SCHEMA as LEFT_OUT_SCHEMA } from "../../../device/store/map_memory.ts";
import { createWakefulnessStore, SCHEMA } from "../../../device/store/wakefulness.ts";
import { ecowatt } from "../../../protocol/profile/ecowatt.ts";
import { isSunDown } from "../../../protocol/night/sun.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { fakeLog } from "../../fakes/log.ts";
import { busWith, type Request, type Unit } from "../inverter/fake_unit.ts";

const HOUR = 3_600_000, MINUTE = 60_000, DAY = 24 * HOUR;
const COLOMBO = { latitude: 6.93, longitude: 79.85 };
const NOON = Date.UTC(2026, 5, 21, 6, 30), DUSK = NOON + 6.3 * HOUR, MIDNIGHT = NOON + 12 * HOUR;
/** When the sun is up again; the inverter converts, and answers for everything, some time later. */
const SUNRISE = firstLight(), MORNING = SUNRISE + 0.5 * HOUR;
const POLL_MS = 30_000;

const TEMPERATURE = 7, POWER = 9;

/** What an inverter does at night with the register of its temperature, while it answers for the others. */
interface Habit {
  readonly name: string;
  readonly misbehaves: Pick<Unit, "refuses" | "silent">;
}

const asksForTemperature = ({ address, count }: Request) => address <= TEMPERATURE && TEMPERATURE < address + count;
const refusing = (code: number): Habit => ({
  name: `refuses it with ${code}`,
  misbehaves: { refuses: (request) => asksForTemperature(request) ? code : undefined },
});
const HABITS: readonly Habit[] = [
  refusing(2),
  refusing(4),
  { name: "is silent about it", misbehaves: { silent: asksForTemperature } },
];

function firstLight(): number {
  let at = MIDNIGHT;
  while (isSunDown(COLOMBO, at)) at += MINUTE;
  return at;
}

type Run = readonly [from: number, to: number];

interface Story {
  readonly habit: Habit;
  readonly located: boolean;
  /** From when to when the node runs, each time. */
  readonly runs: readonly Run[];
  /** When the register is answered again; without it, when the sun is up and the inverter converts. */
  readonly givenAt?: number;
}

/** Plays one day from noon on and gives the moments, unix milliseconds, at which the temperature was stored. */
async function temperaturesOf({ habit, located, runs, givenAt = MORNING }: Story): Promise<readonly number[]> {
  const clock = new FakeClock(NOON);
  const unit: Unit = { words: new Map(Array.from({ length: 10 }, (_, address) => [address, 100])) };
  const { bus } = busWith(unit);
  using db = new DatabaseSync(":memory:");
  db.exec(SCHEMA + LEFT_OUT_SCHEMA + ANSWERED_SCHEMA);
  const { log } = fakeLog();
  const seen: number[] = [];
  const live = () => {
    const now = clock.now(), night = now >= DUSK && now < MORNING;
    unit.words.set(POWER, night ? 0 : 900);
    delete unit.refuses;
    delete unit.silent;
    if (now >= DUSK && now < givenAt) Object.assign(unit, habit.misbehaves);
  };
  const start = () => {
    const memory = createMapMemoryStore(db, log).of("roof");
    const inverter = createInverter({ unit: 1, profile: ecowatt, registers: [] }, { bus, clock, memory });
    const config = { name: "roof", profile: "ecowatt", device: 0, max_read: 125, settle_time: 0 } as const;
    return openAcquisition({ config, inverter, bus, serial: false, place: "test", patienceMs: HOUR }, {
      period: new Period(POLL_MS),
      sink: {
        append: ({ registers }, { at, values }) => {
          if (values[registers.indexOf("Temp")] !== undefined) seen.push(at);
        },
      },
      observer: () => ({ polled: live }),
      firstSample: new FirstSample(() => {}),
      store: createWakefulnessStore(db),
      location: located ? COLOMBO : undefined,
      clock,
      log,
    });
  };
  for (const [from, to] of runs) {
    await clock.advance(from - clock.now());
    live();
    const stop = new AbortController();
    const running = start().run(stop.signal);
    await clock.advance(to - clock.now());
    stop.abort();
    await running;
  }
  return seen;
}

const END = NOON + DAY;
const WITHOUT_DUSK: readonly Run[] = [[NOON, DUSK - HOUR], [DUSK + HOUR, END]];
const NODES: readonly { readonly name: string; readonly runs: readonly Run[] }[] = [
  { name: "the node runs since noon", runs: [[NOON, END]] },
  { name: "the node is restarted at midnight", runs: [[NOON, MIDNIGHT], [MIDNIGHT, END]] },
  { name: "the node is off at dusk", runs: WITHOUT_DUSK },
  { name: "the node is set up at night", runs: [[DUSK + 2 * HOUR, END]] },
];

for (const habit of HABITS) {
  for (const { name, runs } of NODES) {
    for (const located of [true, false]) {
      const where = located ? "a known place" : "nobody knows where";
      Deno.test(`${habit.name} by night, ${name}, ${where}: it is stored again soon after the first sign of day`, async () => {
        const stored = await temperaturesOf({ habit, located, runs });
        const again = stored.find((at) => at >= MORNING) ?? Infinity;
        assert.ok(again - MORNING <= 15 * MINUTE, `${(again - MORNING) / MINUTE} minutes after`);
      });
    }
  }
}

Deno.test("a register that a known place gives back with the sun, while there is no power yet, is asked for with the sun", async () => {
  for (const habit of HABITS) {
    const stored = await temperaturesOf({
      habit,
      located: true,
      runs: [[DUSK + 2 * HOUR, END]],
      givenAt: SUNRISE - MINUTE,
    });
    const again = stored.find((at) => at >= SUNRISE - MINUTE) ?? Infinity;
    assert.ok(again - SUNRISE <= MINUTE, `${habit.name}: ${(again - SUNRISE) / MINUTE} minutes after`);
  }
});

/** Minutes until it is stored that a register is given again while nothing shows the day. */
async function unseenMorning(habit: Habit, runs: readonly Run[]): Promise<number> {
  const givenAt = MORNING - HOUR;
  const stored = await temperaturesOf({ habit, located: false, runs, givenAt });
  return ((stored.find((at) => at >= givenAt) ?? Infinity) - givenAt) / MINUTE;
}

Deno.test("what answered by day is asked for within a quarter of an hour also where nothing shows the day, and over a restart", async () => {
  for (const habit of HABITS) {
    const minutes = await unseenMorning(habit, WITHOUT_DUSK);
    assert.ok(minutes <= 16, `${habit.name}: ${minutes} minutes after`);
  }
});

Deno.test("so is what is refused in the node's first night, as nobody knows whether it will be given by day", async () => {
  for (const code of [1, 2, 3, 4]) {
    const minutes = await unseenMorning(refusing(code), [[DUSK + 2 * HOUR, END]]);
    assert.ok(minutes <= 16, `exception ${code}: ${minutes} minutes after`);
  }
});
