import { toHex } from "../../../crypto/bytes.ts";
import { importHmacKey } from "../../../crypto/hmac.ts";
import { legacySignature } from "../../../gateway/boards/legacy_signature.ts";
import { boardBody, dictionaryFrame, rawFrame, type SentPacket } from "../boards/board.ts";

/** Batches that a board holds; the oldest is overwritten. */
const MEMORY = 20;
/** Its number is written down when the next one is a multiple of this. */
const SAVED_EVERY = 10;
/** Milliseconds from poll to poll, polls of a batch, from upload to upload, and that a boot takes. */
const POLL_MS = 2_000;
const POLLS = 5;
const UPLOAD_MS = 15_000;
/** A request to the inverter takes up to so long, and the loop waits for it: no two boots have batches at the same times. */
const POLL_TAKES_MS = 40;
const BOOT_MS = 4_000;

/** What becomes of a request on its way: it comes through, its answer is lost, or it never arrives. */
export type Fate = "through" | "answer lost" | "lost";

/** Sends the body of an upload; resolves to the status that the gateway answered. */
type Send = (body: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>) => Promise<number>;

/** One batch of a board, and what became of it on the board. */
interface Batch extends SentPacket {
  /** Unix ms of its last sample. */
  readonly madeAt: number;
}

/** What a board did: unix ms of its batches. */
export interface BoardRecord {
  /** Came whole to a gateway that answered 200 and whose answer arrived, or was lost after the gateway had stored it. */
  readonly delivered: Set<number>;
  /** Overwritten, lost with a reboot before any of that, or cut off a body. */
  readonly lost: Set<number>;
  readonly reboots: number;
  readonly cutBodies: number;
}

/** A board with the older firmware (contract/2-boards §1, §3) on the clock of whoever calls `tick`, ten times a second or so. */
export interface SimulatedBoard {
  readonly record: BoardRecord;
  /** Everything it does at this moment, unix ms. */
  tick(now: number, fate: () => Fate): Promise<void>;
  /** Loses its memory and starts anew; its number is the one that it wrote down. */
  reboot(now: number): void;
}

export function createSimulatedBoard(
  rawKey: Uint8Array<ArrayBuffer>,
  startAt: number,
  { send, random }: { readonly send: Send; readonly random: () => number },
): SimulatedBoard {
  const key = importHmacKey(rawKey);
  const record = { delivered: new Set<number>(), lost: new Set<number>(), reboots: 0, cutBodies: 0 };
  let bootedAt = startAt;
  let waiting: Batch[] = [];
  let made = 0;
  let last: readonly number[] | undefined;
  let saved = 0;
  let next = 0;
  let batchAt = startAt + POLLS * POLL_MS;
  let uploadAt = startAt + UPLOAD_MS;

  const poll = (now: number) => {
    const values = Array.from({ length: POLLS }, (_, i) => sampleAt(now - (POLLS - 1 - i) * POLL_MS)).flat();
    // As the encoder does: the first batch of a boot, and a few others, stand for themselves.
    const frame = last === undefined || made % 40 === 0 ? rawFrame(values.slice(-6)) : dictionaryFrame(5, last, values);
    last = values.slice(-6);
    made++;
    waiting.push({ frame, timestamp: now - bootedAt, madeAt: now });
    while (waiting.length > MEMORY) record.lost.add(waiting.shift()?.madeAt ?? 0);
  };
  const upload = async (now: number, fate: Fate) => {
    const number = next++;
    if (next % SAVED_EVERY === 0) saved = next;
    if (fate === "lost") return;
    const body = new Uint8Array(boardBody(now - bootedAt, waiting, made));
    const mac = toHex(await legacySignature(await key, body, number));
    const status = await send(body, { "x-sequence-number": `${number}`, "x-hmac-sha256": mac });
    if (status !== 200) return;
    const whole = completePackets(body);
    for (const { madeAt } of waiting.slice(0, whole)) record.delivered.add(madeAt);
    if (fate === "answer lost") return;
    if (whole < waiting.length) record.cutBodies++;
    for (const { madeAt } of waiting.slice(whole)) record.lost.add(madeAt);
    waiting = [];
  };
  return {
    record,
    async tick(now, fate) {
      if (now >= batchAt) {
        poll(now);
        batchAt = now + POLLS * (POLL_MS + Math.round(random() * POLL_TAKES_MS));
      }
      if (now < uploadAt || waiting.length === 0) return;
      uploadAt = now + UPLOAD_MS;
      await upload(now, fate());
    },
    reboot(now) {
      for (const { madeAt } of waiting) if (!record.delivered.has(madeAt)) record.lost.add(madeAt);
      record.reboots++;
      [waiting, made, last, next, bootedAt] = [[], 0, undefined, saved, now + BOOT_MS];
      [batchAt, uploadAt] = [bootedAt + POLLS * POLL_MS, bootedAt + UPLOAD_MS];
    },
  };
}

/** How many packets of a body that may be cut are whole. */
function completePackets(body: Uint8Array): number {
  return new TextDecoder().decode(body).split('"lossless_verified":true}}').length - 1;
}

/** A small plant in the morning, in raw units. */
function sampleAt(at: number): readonly number[] {
  const seconds = at / 1_000 % 86_400;
  const watts = Math.round(900 + 300 * Math.sin(seconds / 900) + 5 * Math.sin(seconds * 1.7));
  const volts = 2_300 + Math.round(6 * Math.sin(seconds / 37));
  const amperes = Math.round(watts * 100 / volts);
  return [volts, amperes, Math.round(amperes / 3), watts, Math.round(amperes / 3), 400 + Math.round(watts / 100)];
}
