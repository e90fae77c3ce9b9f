import { Chance } from "../../model/simulation.ts";
import { concat } from "../../../crypto/bytes.ts";
import type { Answer, Asked, Fault } from "./faults.ts";
import { TrueInverter } from "./true_inverter.ts";
import { answerFrame, type Framing, type ReadRequest, Requests, wordsPdu } from "./wire.ts";

/** What a device does to its line, and when: milliseconds since it was switched on. */
export type Deed = { readonly at: number; readonly bytes: Uint8Array } | { readonly at: number; readonly hangUp: true };

/** A turn of the device from request to answer, ms. */
const TURN_MS = 10;

/** An inverter that goes wrong in all the ways it was given. It has no time and no line of its own: bytes in, deeds out. */
export class AwkwardDevice {
  readonly truth: TrueInverter;
  readonly #faults: readonly Fault[];
  readonly #framing: Framing;
  readonly #chance = new Chance(1);

  constructor(faults: readonly Fault[], framing: Framing) {
    this.#faults = faults;
    this.#framing = framing;
    this.truth = new TrueInverter(faults.findLast(({ base }) => base !== undefined)?.base ?? 40_000);
  }

  /** Somebody connects: what is heard on this connection, and when, gives what is done to it. */
  connected(): (bytes: Uint8Array, at: number) => readonly Deed[] {
    const requests = new Requests(this.#framing);
    let turn = 0, freeAt = 0;
    let last: Asked["last"];
    return (bytes, at) =>
      requests.push(bytes).flatMap((request) => {
        const right = { content: this.#content(request, at), tid: request.tid };
        const answer = this.#awkward(right, { ...request, turn: ++turn, at, last });
        last = right;
        const deeds = deedsOf(answer, this.#framing, Math.max(at, freeAt) + answer.delayMs);
        freeAt = Math.max(freeAt, ...deeds.map((deed) => deed.at));
        return deeds;
      });
  }

  #content({ unit, address, count }: ReadRequest, at: number): Answer["content"] {
    return this.truth.read(unit, address, count, at) ?? 2;
  }

  #awkward(right: Pick<Answer, "content" | "tid">, asked: ReadRequest & Pick<Asked, "turn" | "at" | "last">): Answer {
    const answer: Answer = {
      ...right,
      unit: asked.unit,
      padding: 0,
      lengthError: 0,
      countError: 0,
      delayMs: TURN_MS,
      before: [],
      damage: (frame) => frame,
      again: undefined,
      pauseMs: 0,
      hangUp: undefined,
    };
    const addressOf = (point: string) => this.truth.addressOf(point);
    for (const { change } of this.#faults) {
      change?.(answer, { ...asked, framing: this.#framing, chance: this.#chance, addressOf });
    }
    return answer;
  }
}

function deedsOf(answer: Answer, framing: Framing, at: number): readonly Deed[] {
  const { before, again, hangUp, pauseMs } = answer;
  if (hangUp === "instead") return [{ at, hangUp: true }];
  const pdu = pduOf(answer);
  const frame = pdu && answer.damage(answerFrame(framing, { ...answer, pdu }));
  const bytes = concat(...before, ...(frame ? [frame] : []));
  if (hangUp === "half-way") return [{ at, bytes: bytes.subarray(0, bytes.length >> 1) }, { at: at + 1, hangUp: true }];
  const deeds: Deed[] = inParts(bytes, pauseMs > 0 ? 3 : 1).map((part, i) => ({ at: at + i * pauseMs, bytes: part }));
  const end = deeds.at(-1)?.at ?? at;
  if (again !== undefined && frame) deeds.push({ at: end + again, bytes: frame });
  if (hangUp === "afterwards") deeds.push({ at: end + 1, hangUp: true });
  return deeds;
}

function pduOf({ content, countError }: Answer): Uint8Array | undefined {
  if (content === undefined) return undefined;
  if (content === "no code") return Uint8Array.of(0x83);
  return typeof content === "number" ? Uint8Array.of(0x83, content) : wordsPdu(content, countError);
}

/** As many pieces of nearly the same length, none empty. */
function inParts(bytes: Uint8Array, parts: number): readonly Uint8Array[] {
  const length = Math.ceil(bytes.length / parts);
  if (length === 0) return [];
  return Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, i) => bytes.subarray(i * length, (i + 1) * length),
  );
}
