import type { RequestOptions } from "../modbus/bus.ts";
import type { BusFault, BusOutcome } from "../modbus/fault.ts";
import { type BlockReading, mayRefuseRegisters, readBlock, refusesRegisters } from "./block_search.ts";
import type { Block, Span } from "./read_plan.ts";

/** Asks a unit for a block. */
export type AskBlock = (block: Block, options?: RequestOptions) => Promise<BusOutcome<readonly number[]>>;

/** Silences in one poll with which a search goes on, each of which costs time-outs: enough to find one register in 32. */
const MOST_SILENCES = 6;

/**
 * Looks for the register that is not answered, while the unit answers what else it is asked. What is found counts as refused by
 * `noAnswer`; what is left after too many silences is looked for in the next poll.
 */
export async function searchSilent(block: Block, ask: AskBlock, noAnswer: BusFault): Promise<BlockReading<Span>> {
  let silence: BusFault | undefined;
  let silences = 0;
  const reading = await readBlock(block, async (part) => {
    const outcome = await askTwice(part, ask);
    if (outcome.ok || !isSilence(outcome.fault)) return outcome;
    silence = outcome.fault;
    if (++silences > MOST_SILENCES) return outcome;
    return { ok: false, fault: noAnswer };
  }, mayRefuseRegisters);
  const [known] = reading.answered;
  if (!silence || (known && (await ask(known.block)).ok)) return reading;
  return { answered: reading.answered, refused: [], cuts: [], fault: silence }; // it went silent altogether
}

/** A unit that fails, which may be for once, is asked again. */
async function askTwice(part: Block, ask: AskBlock): Promise<BusOutcome<readonly number[]>> {
  const first = await ask(part, { mayBeSilent: true });
  const doubtful = !first.ok && mayRefuseRegisters(first.fault) && !refusesRegisters(first.fault);
  return doubtful ? await ask(part, { mayBeSilent: true }) : first;
}

/** Whether the unit said nothing, though another one may have, or hung up instead. */
export function isSilence(fault: BusFault): boolean {
  if (fault.kind === "line") return fault.broke === true;
  return fault.kind === "timeout" || (fault.kind === "foreign" && fault.from !== undefined);
}
