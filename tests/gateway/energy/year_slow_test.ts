import assert from "node:assert/strict";
import { energyMessage } from "../../../gateway/mqtt/energy_payload.ts";
import { DeviceId } from "../../../protocol/device_id.ts";
import { floatBits } from "../../../protocol/profile/raw.ts";
import { openTestStores } from "../../fakes/stores.ts";

const DEVICE = DeviceId.parse("roof");
const ZONE = "Europe/Berlin";
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEP = 10 * MINUTE;
const START = Date.UTC(2026, 0, 1);
const WRAP = 2 ** 32;
const INTEGER = { profile: "sunspec:1@40002/66,103@40070/50", registers: ["103.W", "103.W_SF", "103.WH", "103.WH_SF"] };
const FLOAT = { profile: "sunspec:1@40002/66,113@40070/60", registers: ["113.W", "113.WH"] };
const BOARD = { profile: "ecowatt", registers: ["Pac"] };

/** The same numbers in every run (Mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a 6 kW roof delivers: longer and stronger days in summer, clouds, nothing at night. W. */
function sun(at: number, cloud: number): number {
  const season = Math.cos(2 * Math.PI * ((at - START) / DAY - 172) / 365);
  const length = 12 + 4 * season;
  const hour = ((at - START) % DAY) / HOUR - 12;
  const height = Math.cos(Math.PI * hour / length);
  return Math.abs(hour) * 2 >= length ? 0 : Math.round((3_900 + 2_000 * season) * height * cloud);
}

/** What goes wrong on a day; each of them many times a year. */
type Trouble = "none" | "wakes with 0" | "wakes with little" | "dips" | "spike" | "no line" | "no gateway" | "forgets";
const TROUBLES: readonly Trouble[] = [
  "none",
  "none",
  "none",
  "wakes with 0",
  "wakes with little",
  "dips",
  "spike",
  "no line",
  "no gateway",
  "forgets",
];

/** An inverter with a counter, as its registers tell it. */
interface Counter {
  /** Wh that it shows. */
  wh: number;
  /** The Wh that reading it should have brought in all. */
  truth: number;
}

interface Year {
  readonly integer: Counter;
  readonly float: Counter;
  /** Wh while the board's inverter was polled. */
  polled: number;
  /** Wh while it was not. */
  missed: number;
}

/** What an upload brings, one batch for each inverter. */
type Upload = Record<"integer" | "float" | "board", { at: number; values: (number | undefined)[] }[]>;

/** Plays a year and gives each hour to `upload`, some of them late. */
async function play(upload: (hour: Upload, receivedAt: number) => Promise<void>): Promise<Year> {
  const roll = dice(1);
  const year: Year = {
    integer: { wh: WRAP - 400_000, truth: WRAP - 400_000 },
    float: { wh: 1_234_567, truth: 1_234_567 },
    polled: 0,
    missed: 0,
  };
  let waiting: Upload[] = [];
  let lastPoll = -Infinity, before = 0;
  for (let day = 0; day < 365; day++) {
    const trouble = day < 2 ? "none" : TROUBLES[Math.floor(roll() * TROUBLES.length)] ?? "none";
    const from = START + day * DAY + (2 + roll() * 10) * HOUR, until = from + (1 + roll() * 20) * HOUR;
    const cloud = 0.2 + 0.8 * roll();
    const dawn: number[] = [];
    if (day === 200) year.float.wh = 0; // a new inverter
    for (let hour = 0; hour < 24; hour++) {
      const samples: Upload = { integer: [], float: [], board: [] };
      for (let at = START + day * DAY + hour * HOUR; at < START + day * DAY + (hour + 1) * HOUR; at += STEP) {
        const w = sun(at, cloud * (0.8 + 0.2 * roll()));
        const wh = (w + before) / 2 * STEP / HOUR;
        before = w;
        for (const counter of [year.integer, year.float]) {
          counter.wh = (counter.wh + wh) % WRAP;
          counter.truth += wh;
        }
        const inTrouble = at >= from && at < until;
        if (trouble === "forgets" && at >= from && at < from + STEP) {
          year.float.wh = Math.max(0, year.float.wh - 300);
          year.float.truth -= 300; // the counter has lost it for ever
        }
        if (w === 0 || (trouble === "no line" && inTrouble)) {
          year.missed += wh;
          continue;
        }
        if (at - lastPoll <= 15 * MINUTE) year.polled += wh;
        else year.missed += wh;
        lastPoll = at;
        dawn.push(at);
        const shown = (counter: Counter) => told(counter.wh, trouble, dawn.length, at >= from && at < from + 3 * STEP);
        samples.integer.push({ at, values: [w, 0, Math.floor(shown(year.integer)), 0] });
        samples.float.push({ at, values: [floatBits(w), floatBits(shown(year.float))] });
        samples.board.push({ at, values: [w] });
      }
      if (samples.board.length > 0) waiting.push(samples);
      const now = START + day * DAY + (hour + 1) * HOUR;
      if (trouble === "no gateway" && now >= from && now < until) continue;
      for (const late of waiting) await upload(late, now);
      waiting = [];
    }
  }
  return year;
}

/** What a counter shows that is at `wh`, with the trouble of the day. */
function told(wh: number, trouble: Trouble, sinceDawn: number, now: boolean): number {
  if (trouble === "wakes with 0" && sinceDawn <= 4) return 0;
  if (trouble === "wakes with little" && sinceDawn <= 6) return 10 + sinceDawn;
  if (trouble === "dips" && now) return sinceDawn % 2 === 0 ? 0 : wh / 3;
  if (trouble === "spike" && now) return sinceDawn % 2 === 0 ? 4_200_000_000 : (wh + 900_000) % WRAP;
  return wh;
}

/** What the broker shows of an inverter; checks every message against the one before. */
class Shown {
  lifetime = 0;
  first: number | undefined;
  day = "";
  today = 0;

  take(payload: string): void {
    const { day, lifetime_kwh: lifetime, today_kwh: today } = JSON.parse(payload);
    if (lifetime === null) return assert.equal(this.first, undefined, "once known, it stays known");
    this.first ??= lifetime;
    assert.ok(lifetime >= this.lifetime, `lifetime energy fell from ${this.lifetime} to ${lifetime} on ${day}`);
    assert.ok(
      lifetime - (this.lifetime || lifetime) < 200,
      `lifetime energy leapt from ${this.lifetime} to ${lifetime}`,
    );
    if (day === this.day) {
      assert.ok(today >= this.today, `today's energy fell from ${this.today} to ${today} on ${day}`);
    }
    Object.assign(this, { lifetime, day, today });
  }
}

Deno.test("365 days with nights, outages, restarts, dips and spikes: lifetime energy never falls and is true in the end", async () => {
  const folder = await Deno.makeTempDir();
  const open = async () => {
    const opened = await openTestStores(folder, { timeZone: ZONE });
    opened.db.exec("PRAGMA synchronous = OFF"); // no power is cut here, and a year has many commits
    return opened;
  };
  let opened = await open();
  const roll = dice(2);
  const shown = { integer: new Shown(), float: new Shown(), board: new Shown() };
  let restarts = 0, undone = 0;
  const upload = async (hour: Upload, receivedAt: number) => {
    const batches = [["integer", INTEGER], ["float", FLOAT], ["board", BOARD]] as const;
    const append = () => {
      for (const [inverter, series] of batches) {
        const samples = { ...series, samples: hour[inverter] };
        opened.services.samples.append({ device: DEVICE, inverter, series: samples, quality: "exact", receivedAt });
      }
    };
    if (roll() < 0.02) {
      undone++;
      const lost = opened.stores.commit.run(() => {
        append();
        throw new Error("test: the disk refused it, the node sends it again");
      });
      await assert.rejects(lost);
    }
    if (roll() < 0.01) {
      restarts++;
      await opened[Symbol.asyncDispose]();
      opened = await open();
    }
    await opened.stores.commit.run(append);
    const day = opened.services.energy.dayOf(receivedAt);
    for (const energy of opened.services.energy.of(DEVICE, receivedAt).inverters) {
      const name = energy.inverter === "integer" || energy.inverter === "float" ? energy.inverter : "board";
      shown[name].take(energyMessage(DEVICE, day, energy).payload);
    }
  };
  const year = await play(upload);
  const near = (name: keyof typeof shown, truth: number, toleranceKwh: number) => {
    const off = shown[name].lifetime - truth / 1000;
    assert.ok(Math.abs(off) <= toleranceKwh, `${name} is off by ${off} kWh of ${truth / 1000}`);
  };
  assert.ok(restarts > 20 && undone > 20 && year.missed > 100_000, "the year had its troubles");
  near("integer", year.integer.truth, 0.02); // a Wh of resolution, and the last poll
  near("float", year.float.truth, 2); // the new inverter's first hours went by before it was believed to be one
  near("board", year.polled, 0.01);
  const end = START + 366 * DAY;
  const days = opened.services.energy.days(DEVICE, 400, end).reduce((sum, { wh }) => sum + wh, 0) / 1000;
  const grown = Object.values(shown).reduce((sum, { lifetime, first = 0 }) => sum + lifetime - first, 0);
  assert.ok(Math.abs(days - grown) < 5, `the days are ${days} kWh, the totals grew by ${grown}`);
  await opened[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});
