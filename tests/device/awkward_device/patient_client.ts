import { concat } from "../../../crypto/bytes.ts";
import { AwkwardDevice, type Deed } from "./device.ts";
import type { Fault, Transport } from "./faults.ts";
import { POINTS, UNIT } from "./true_inverter.ts";
import { AWAY_MS } from "./served_line.ts";
import { crc, type Framing, requestFrame } from "./wire.ts";

/** How long it waits for an answer, and between two requests, ms. */
const TIMEOUT_MS = 2000, PAUSE_MS = 200;

interface Read {
  readonly address: number;
  readonly count: number;
}

/**
 * The yardstick: what somebody with a Modbus tool and patience gets of a device. It knows where the registers are and which
 * are not to be had, waits long, connects anew after silence, and asks until the next poll is due. What it does not
 * notice to be wrong does not count either.
 */
export class PatientClient {
  readonly #device: AwkwardDevice;
  readonly #framing: Framing;
  readonly #awayMs: number;
  readonly #odd: ReadonlySet<string>;
  readonly #reads: readonly Read[];
  #connection: ((bytes: Uint8Array, at: number) => readonly Deed[]) | undefined;
  #coming: Deed[] = [];
  #tid = 7;
  #silences = 0;
  #now = 0;

  constructor(faults: readonly Fault[], transport: Transport) {
    this.#framing = transport === "tcp" ? "tcp" : "rtu";
    this.#awayMs = transport === "pty" ? AWAY_MS : 0;
    this.#device = new AwkwardDevice(faults, this.#framing);
    this.#odd = new Set(faults.flatMap(({ quirk = [] }) => quirk));
    this.#reads = readsOf(this.#device, faults);
  }

  /** How many of the polls, one each `periodMs`, bring all that is to be had. */
  polls(count: number, periodMs: number): number {
    let good = 0;
    for (let poll = 0; poll < count; poll++) {
      this.#now = Math.max(this.#now, poll * periodMs);
      const end = (poll + 1) * periodMs;
      if (this.#reads.every((read) => this.#patiently(read, end))) good++;
    }
    return good;
  }

  #patiently(read: Read, end: number): boolean {
    while (this.#now < end) {
      const from = this.#now;
      const words = this.#ask(read);
      if (words && this.#right(read, words, from) && this.#now <= end) return true;
      this.#now += PAUSE_MS;
    }
    return false;
  }

  #ask(read: Read): readonly number[] | undefined {
    this.#connection ??= this.#device.connected();
    this.#coming = this.#coming.filter(({ at }) => at > this.#now); // what came before is not listened to
    const tid = this.#tid = (this.#tid + 5) & 0xffff;
    this.#coming.push(...this.#connection(requestFrame(this.#framing, { tid, unit: UNIT, ...read }), this.#now));
    this.#coming.sort((a, b) => a.at - b.at);
    const end = this.#now + TIMEOUT_MS;
    let heard: Uint8Array = new Uint8Array();
    for (let deed = this.#coming[0]; deed && deed.at <= end; deed = this.#coming[0]) {
      this.#coming.shift();
      this.#now = Math.max(this.#now, deed.at);
      if ("hangUp" in deed) return this.#hangUp();
      heard = concat(heard, deed.bytes);
      const answer = this.#answerIn(heard, tid, read.count);
      if (!answer) continue;
      this.#silences = 0;
      return answer === "exception" ? undefined : answer;
    }
    this.#now = end;
    if (++this.#silences % 2 === 0 && this.#awayMs === 0) this.#hangUp();
    return undefined;
  }

  #hangUp(): undefined {
    this.#connection = undefined;
    this.#now += this.#awayMs;
    this.#coming = [];
  }

  /** The words of an answer in what was heard, as far as the device can be believed. */
  #answerIn(heard: Uint8Array, tid: number, count: number): readonly number[] | "exception" | undefined {
    for (let at = 0; at + 5 <= heard.length; at++) {
      const found = this.#framing === "tcp"
        ? this.#tcpAt(heard.subarray(at), tid, count)
        : this.#rtuAt(heard.subarray(at), count);
      if (found) return found;
    }
    return undefined;
  }

  #tcpAt(bytes: Uint8Array, tid: number, count: number): readonly number[] | "exception" | undefined {
    const odd = this.#odd;
    if (!odd.has("ignore_transaction_id") && (bytes[0] !== tid >> 8 || bytes[1] !== (tid & 0xff))) return undefined;
    return bytes[2] || bytes[3] || bytes[4] ? undefined : this.#contentOf(bytes.subarray(6), count, 0);
  }

  #rtuAt(bytes: Uint8Array, count: number): readonly number[] | "exception" | undefined {
    if ((bytes[1] ?? 0) % 0x80 !== 3) return undefined;
    for (const padding of this.#odd.has("ignore_length") ? [0, 2] : [0]) {
      for (const length of [3 + 2 * count + padding, 3 + padding]) {
        const sum = crc(bytes.subarray(0, length));
        if (bytes.length < length + 2 || bytes[length] !== (sum & 0xff) || bytes[length + 1] !== sum >> 8) continue;
        const content = this.#contentOf(bytes.subarray(0, length), count, padding);
        if (content) return content;
      }
    }
    return undefined;
  }

  /** Unit and PDU. */
  #contentOf(bytes: Uint8Array, count: number, padding: number): readonly number[] | "exception" | undefined {
    const [unit, fc, bytesSaid = 0] = bytes;
    if (unit !== UNIT && !this.#odd.has("ignore_unit_id")) return undefined;
    if (fc === 0x83) return "exception";
    if (fc !== 3 || bytes.length < 3 + 2 * count + padding) return undefined;
    if (bytesSaid !== 2 * count && !this.#odd.has("ignore_length")) return undefined;
    return Array.from({ length: count }, (_, i) => ((bytes[3 + 2 * i] ?? 0) << 8) | (bytes[4 + 2 * i] ?? 0));
  }

  #right({ address, count }: Read, words: readonly number[], from: number): boolean {
    const { truth } = this.#device;
    for (let at = from; at <= this.#now + 100; at += 100) {
      const right = truth.read(UNIT, address, count, at);
      const wrong = words.filter((word, i) => word !== right?.[i]).length;
      if (wrong <= 2) return true; // a counter at 0, a value that is absent: seen, and left out
    }
    return false;
  }
}

/** What it asks for: the block in as few pieces as the device takes, around what it does not give. */
function readsOf({ truth }: AwkwardDevice, faults: readonly Fault[]): readonly Read[] {
  const never = faults.flatMap(({ withholds = [] }) => withholds).map((point) => truth.addressOf(point));
  const most = Math.min(...faults.map(({ maxRead = 125 }) => maxRead));
  const wanted = POINTS.map((point) => truth.addressOf(point));
  const { address, count } = truth.block;
  const reads: { address: number; count: number }[] = [];
  for (let at = address; at < address + count; at++) {
    if (never.includes(at) || at > Math.max(...wanted) + 1) continue;
    const last = reads.at(-1);
    if (last && last.address + last.count === at && last.count < most) last.count++;
    else reads.push({ address: at, count: 1 });
  }
  return reads;
}
