import assert from "node:assert/strict";
import { concat } from "../../../crypto/bytes.ts";
import { crc16 } from "../../../device/modbus/crc.ts";
import type { BusOutcome } from "../../../device/modbus/fault.ts";
import type { Response } from "../../../device/modbus/pdu.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { Chance } from "../../model/simulation.ts";
import { type Asked, type Transport, virtualDevice } from "./virtual_device.ts";

/** One answer on its way: what a fault may change, hold back or double. */
interface Answer {
  response: Response | undefined;
  tid: number;
  /** Changes the framed bytes. */
  readonly framings: ((frame: Uint8Array, asked: Asked) => Uint8Array)[];
  delayMs: number;
  times: number;
}

interface Fault {
  readonly name: string;
  readonly on: readonly Transport[];
  /** Of the polls, what a patient person would get. */
  readonly share: number;
  readonly quirk?: true;
  change(answer: Answer, asked: Asked, world: World): void;
}

interface World {
  readonly clock: FakeClock;
  readonly chance: Chance;
  freeAt: number;
}

const TCP: readonly Transport[] = ["tcp"], RTU: readonly Transport[] = ["serial", "rtu over tcp"];
const ALL = [...TCP, ...RTU];

function crced(frame: Uint8Array): Uint8Array {
  const crc = crc16(frame);
  return concat(frame, Uint8Array.of(crc & 0xff, crc >> 8));
}

const FAULTS: readonly Fault[] = [
  { name: "transaction id 0", on: TCP, share: 1, quirk: true, change: (answer) => void (answer.tid = 0) },
  {
    name: "the next transaction id",
    on: TCP,
    share: 1,
    quirk: true,
    change: (answer) => void (answer.tid = (answer.tid + 1) & 0xffff),
  },
  {
    name: "padding",
    on: ALL,
    share: 1,
    quirk: true,
    change: ({ framings }) =>
      void framings.push((frame, { framing }) => {
        if (framing === "rtu") return crced(concat(frame.subarray(0, -2), new Uint8Array(2)));
        const padded = concat(frame, new Uint8Array(2));
        padded[5] = (padded[5] ?? 0) + 2;
        return padded;
      }),
  },
  {
    name: "half of the answers damaged",
    on: RTU,
    share: 0.98,
    change: ({ framings }, _asked, { chance }) =>
      void framings.push((frame) => {
        const other = frame.slice();
        if (chance.is(0.5)) other[other.length >> 1] = (other[other.length >> 1] ?? 0) ^ 0x10;
        return other;
      }),
  },
  {
    name: "slow",
    on: ALL,
    share: 1,
    change: (answer, _asked, world) => {
      world.freeAt = Math.max(world.freeAt, world.clock.monotonic()) + 1300;
      answer.delayMs += world.freeAt - world.clock.monotonic();
    },
  },
  {
    name: "some answers lost",
    on: ALL,
    share: 0.98,
    change: (answer, _asked, { chance }) => void (chance.is(0.1) && (answer.times = 0)),
  },
  {
    name: "some answers twice",
    on: ALL,
    share: 1,
    change: (answer, _asked, { chance }) => void (chance.is(0.3) && (answer.times *= 2)),
  },
  {
    name: "busy now and then",
    on: ALL,
    share: 1,
    change: (answer, { request }, { chance }) => {
      if (chance.is(0.2)) answer.response = { fc: "exception", function: request.fc, code: 6 };
    },
  },
  {
    name: "deaf for 8 s in every minute",
    on: ALL,
    share: 0.85,
    change: (answer, _asked, { clock }) => void (clock.monotonic() % 60_000 > 52_000 && (answer.times = 0)),
  },
];

/** Every register holds its address and the time at which it was read, so that an older or another's value is seen. */
function wordsOf(address: number, count: number, ms: number): number[] {
  return Array.from({ length: count }, (_, i) => (address + i) * 4096 + Math.floor(ms / 100) % 4096 & 0xffff);
}

function device(faults: readonly Fault[]) {
  const world: World = { clock: new FakeClock(), chance: new Chance(1), freeAt: 0 };
  const made = virtualDevice(world.clock, (asked) => {
    const { request, tid } = asked;
    if (request.fc !== 3) return;
    const words = wordsOf(request.address, request.count, world.clock.monotonic());
    const answer: Answer = { response: { fc: 3, values: words }, tid, framings: [], delayMs: 10, times: 1 };
    for (const fault of faults) fault.change(answer, asked, world);
    if (answer.response === undefined) return;
    const plain = asked.frame(answer.response, { tid: answer.tid });
    const frame = answer.framings.reduce((frame, change) => change(frame, asked), plain);
    for (let i = 0; i < answer.times; i++) asked.send(frame, answer.delayMs + 40 * i);
  });
  return { ...made, world };
}

const POLLS = 200;

/** `told`: the time-out is set for it. */
async function goodPolls(faults: readonly Fault[], transport: Transport, told: boolean): Promise<number> {
  const { clock, bus: open } = device(faults);
  await using bus = open(transport, { timeoutMs: told ? 2000 : 1000, maxTimeoutMs: 5000 });
  let good = 0;
  for (let poll = 0; poll < POLLS; poll++) {
    const from = clock.monotonic();
    const address = poll % 2;
    const outcome: BusOutcome<readonly number[]> = await clock.until(bus.read(1, "holding", address, 4));
    if (outcome.ok) {
      good++;
      const [first = 0] = outcome.value;
      const steps = ((first - address * 4096) & 0xffff) - Math.floor(from / 100) % 4096;
      const at = from + 100 * ((steps + 4096) % 4096);
      assert.ok(at <= clock.monotonic() + 100, `poll ${poll} got the value of another time: ${outcome.value}`);
      assert.deepEqual(outcome.value, wordsOf(address, 4, Math.floor(at / 100) * 100), `poll ${poll}`);
    }
    await clock.advance(Math.max(10, from + 5000 - clock.monotonic()));
  }
  return good;
}

for (const transport of ALL) {
  for (const [i, one] of FAULTS.entries()) {
    for (const other of FAULTS.slice(i)) {
      if (!one.on.includes(transport) || !other.on.includes(transport)) continue;
      if (one.name.includes("transaction") && other.name.includes("transaction") && one !== other) continue;
      const faults = [...new Set([one, other])];
      // Who is slow and breaks the protocol is not noticed within the time-out: that takes an option, or a longer one.
      const told = faults.some(({ name }) => name === "slow") && faults.some(({ quirk }) => quirk);
      const share = faults.reduce((share, fault) => share * fault.share, 1);
      Deno.test(`on ${transport}: ${faults.map(({ name }) => name).join(" and ")}`, async () => {
        const good = await goodPolls(faults, transport, told);
        assert.ok(good >= 0.95 * share * POLLS, `${good} of ${POLLS}`);
      });
    }
  }
}
