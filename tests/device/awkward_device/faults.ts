import { concat } from "../../../crypto/bytes.ts";
import type { Chance } from "../../model/simulation.ts";
import type { Quirk } from "../../../device/modbus/quirks.ts";
import { OTHER_UNIT, UNIT } from "./true_inverter.ts";
import { answerFrame, type Framing, type ReadRequest, requestFrame, wordsPdu } from "./wire.ts";

/** How frames go over a line. */
export type Transport = "tcp" | "pty" | "rtu over tcp";

/** An answer on its way: what a fault may change. */
export interface Answer {
  /** Words, the code of an exception, an exception without one, or nothing: silence. */
  content: readonly number[] | number | "no code" | undefined;
  tid: number;
  unit: number;
  padding: number;
  lengthError: number;
  countError: number;
  /** Milliseconds until it begins; a device does one thing at a time. */
  delayMs: number;
  /** What else is on the line right before it, also when it does not come. */
  readonly before: Uint8Array[];
  /** Changes its bytes. */
  damage: (frame: Uint8Array) => Uint8Array;
  /** Milliseconds after it at which it comes once more. */
  again: number | undefined;
  /** Milliseconds between its three parts; 0: it is whole. */
  pauseMs: number;
  /** When the device closes the connection. */
  hangUp: "instead" | "half-way" | "afterwards" | undefined;
}

/** What a fault sees of a request. */
export interface Asked extends ReadRequest {
  readonly framing: Framing;
  /** Counts requests of this connection, from 1. */
  readonly turn: number;
  /** Milliseconds since the device was switched on. */
  readonly at: number;
  readonly chance: Chance;
  /** Where a point lies. */
  readonly addressOf: (point: string) => number;
  /** What was right for the request before this one on this connection. */
  readonly last: Pick<Answer, "content" | "tid"> | undefined;
}

/** One way in which a device goes wrong. */
export interface Fault {
  readonly name: string;
  readonly on: readonly Transport[];
  /** Changes the answer to a request. */
  readonly change?: (answer: Answer, asked: Asked) => void;
  /** A way of breaking the protocol that a person sees, and tells the node where it does not notice it. */
  readonly quirk?: Quirk;
  /** Points that are not to be had. */
  readonly withholds?: readonly string[];
  /** Points that are not always to be had. */
  readonly loses?: readonly string[];
  /** Where its map begins. */
  readonly base?: number;
  /** What a person sets for it. */
  readonly maxRead?: number;
  /** Somebody else speaks: who ignores unit ids cannot tell them apart. */
  readonly others?: true;
}

const TCP: readonly Transport[] = ["tcp"];
const RTU: readonly Transport[] = ["pty", "rtu over tcp"];
const SOCKET: readonly Transport[] = ["tcp", "rtu over tcp"];
const ALL: readonly Transport[] = ["tcp", "pty", "rtu over tcp"];

/** Of the requests, those that meet a fault that comes now and then. */
const SOME = 0.1;

export const FAULTS: readonly Fault[] = [
  // What lines lose count of (issue line 1; field cases 01, 02, 32).
  {
    name: "one answer behind from the 25th request of a connection on",
    on: TCP,
    change: (a, { turn, last }) => void (turn > 25 && Object.assign(a, last)),
  },
  { name: "transaction id is always 0", on: TCP, quirk: "ignore_transaction_id", change: (a) => void (a.tid = 0) },
  {
    name: "transaction id is one too high",
    on: TCP,
    quirk: "ignore_transaction_id",
    change: (a) => void (a.tid = (a.tid + 1) & 0xffff),
  },
  { name: "unit id is never its own", on: ALL, quirk: "ignore_unit_id", change: (a) => void (a.unit = 77) },
  { name: "frames are padded", on: ALL, quirk: "ignore_length", change: (a) => void (a.padding = 2) },
  { name: "header length is wrong", on: TCP, quirk: "ignore_length", change: (a) => void (a.lengthError = 1) },
  { name: "byte count is wrong", on: ALL, quirk: "ignore_length", change: (a) => void (a.countError = 2) },
  { name: "answers after 1.3 s", on: ALL, change: (a) => void (a.delayMs += 1300) },
  {
    name: "some answers just after the time-out",
    on: ALL,
    change: (a, { chance }) => void (chance.is(SOME) && (a.delayMs += 1050)),
  },
  {
    name: "silent from the 40th request of a connection on",
    on: SOCKET,
    change: (a, { turn }) => void (turn >= 40 && (a.content = undefined)),
  },
  {
    name: "another unit's answers come first",
    on: ALL,
    others: true,
    change: ({ before }, { framing, tid, count }) =>
      void before.push(answerFrame(framing, { tid, unit: OTHER_UNIT, pdu: wordsPdu(new Array(count).fill(4321)) })),
  },
  {
    name: "another master talks on the line",
    on: RTU,
    others: true,
    change: ({ before }, { framing, tid, chance }) => {
      if (!chance.is(0.3)) return;
      const unit = chance.is(0.5) ? UNIT : OTHER_UNIT;
      before.push(requestFrame(framing, { tid, unit, address: 40_000, count: 7 }));
      before.push(answerFrame(framing, { tid, unit, pdu: wordsPdu(new Array(7).fill(4321)) }));
    },
  },
  { name: "some answers twice", on: ALL, change: (a, { chance }) => void (chance.is(0.3) && (a.again = 40)) },
  {
    name: "some answers again after 1.5 s",
    on: ALL,
    change: (a, { chance }) => void (chance.is(SOME) && (a.again = 1500)),
  },
  {
    name: "requests are echoed",
    on: RTU,
    change: ({ before }, { framing, ...request }) => void before.unshift(requestFrame(framing, request)),
  },
  // What is found, and what is not given (line 2; field cases 06, 07, 08, 09).
  { name: "a register is refused with 4", on: ALL, withholds: ["TmpCab"], change: refusing("TmpCab", 4) },
  { name: "a register is refused with 2", on: ALL, withholds: ["DCV"], change: refusing("DCV", 2) },
  { name: "a register is not answered", on: ALL, withholds: ["TmpSnk"], change: refusing("TmpSnk", undefined) },
  { name: "reads of more than 30 words are not answered", on: ALL, maxRead: 30, change: limited(30, undefined) },
  { name: "reads of more than 30 words are refused", on: ALL, maxRead: 30, change: limited(30, 3) },
  {
    name: "silent where it has no registers",
    on: ALL,
    change: (a) => void (a.content === 2 && (a.content = undefined)),
  },
  { name: "its map begins at 50000", on: ALL, base: 50_000 },
  { name: "its map begins at 0", on: ALL, base: 0 },
  { name: "busy now and then", on: ALL, change: (a, { chance }) => void (chance.is(0.2) && (a.content = 6)) },
  { name: "still working now and then", on: ALL, change: (a, { chance }) => void (chance.is(SOME) && (a.content = 5)) },
  {
    name: "a gateway says 0B now and then",
    on: ALL,
    change: (a, { chance }) => void (chance.is(SOME) && (a.content = 11)),
  },
  {
    name: "device failure now and then",
    on: ALL,
    change: (a, { chance }) => void (chance.is(SOME) && (a.content = 4)),
  },
  {
    name: "some exceptions have no code",
    on: ALL,
    change: (a, { chance }) => void (chance.is(SOME) && (a.content = "no code")),
  },
  // What is damaged or does not come (line 3; field case 24).
  { name: "half of the answers are damaged", on: RTU, change: damaging(0.5) },
  {
    name: "some answers are noise",
    on: ALL,
    change: (a, { chance }) => {
      const noise = Uint8Array.from({ length: 20 }, () => chance.between(0, 255));
      if (chance.is(SOME)) a.damage = () => noise;
    },
  },
  { name: "noise comes before answers", on: RTU, change: prefixed },
  { name: "noise comes behind answers", on: RTU, change: suffixed },
  {
    name: "some answers are lost",
    on: ALL,
    change: (a, { chance }) => void (chance.is(SOME) && (a.content = undefined)),
  },
  {
    name: "deaf for 5 s in 67 s",
    on: ALL,
    change: (a, { at }) => void (at % 67_000 > 62_000 && (a.content = undefined)),
  },
  { name: "silent for its first 20 s", on: ALL, change: (a, { at }) => void (at < 20_000 && (a.content = undefined)) },
  {
    name: "the first request of a connection is lost",
    on: SOCKET,
    change: (a, { turn }) => void (turn === 1 && (a.content = undefined)),
  },
  { name: "hangs up instead of some answers", on: ALL, change: hangingUp("instead") },
  { name: "hangs up amid some answers", on: ALL, change: hangingUp("half-way") },
  { name: "hangs up after each answer", on: SOCKET, change: (a) => void (a.hangUp = "afterwards") },
  { name: "answers come in parts", on: ALL, change: (a) => void (a.pauseMs = 70) },
  // What is no value.
  {
    name: "its counter is 0 now and then",
    on: ALL,
    loses: ["WH"],
    change: (a, asked) => void (asked.chance.is(0.05) && write(a, asked, "WH", [0, 0])),
  },
  {
    name: "a value is absent now and then",
    on: ALL,
    loses: ["Hz"],
    change: (a, asked) => void (asked.chance.is(SOME) && write(a, asked, "Hz", [0xffff])),
  },
];

function prefixed(answer: Answer): void {
  const { damage } = answer;
  answer.damage = (frame) => concat(Uint8Array.of(0, 0xff, 0), damage(frame));
}

function suffixed(answer: Answer): void {
  const { damage } = answer;
  answer.damage = (frame) => concat(damage(frame), Uint8Array.of(0xff, 0));
}

function refusing(point: string, content: number | undefined): NonNullable<Fault["change"]> {
  return (answer, { address, count, addressOf }) => {
    const offset = addressOf(point) - address;
    if (offset >= 0 && offset < count) answer.content = content;
  };
}

function limited(most: number, content: number | undefined): NonNullable<Fault["change"]> {
  return (answer, { count }) => void (count > most && (answer.content = content));
}

function damaging(share: number): NonNullable<Fault["change"]> {
  return (answer, { chance }) => {
    if (!chance.is(share)) return;
    const at = chance.float(), bit = 1 << chance.between(0, 7);
    answer.damage = (frame) => frame.map((byte, i) => i === Math.floor(at * frame.length) ? byte ^ bit : byte);
  };
}

function hangingUp(when: Answer["hangUp"]): NonNullable<Fault["change"]> {
  return (answer, { chance }) => void (chance.is(0.05) && (answer.hangUp = when));
}

function write(answer: Answer, { address, addressOf }: Asked, point: string, words: readonly number[]): void {
  if (typeof answer.content !== "object") return;
  const from = addressOf(point) - address;
  answer.content = answer.content.map((word, i) => words[i - from] ?? word);
}
